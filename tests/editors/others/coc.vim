" coc.nvim: its ghost text, without its list of words, by settings of a home of its own.
set nocompatible
let &runtimepath = $COC_NVIM . ',' . &runtimepath
set backspace=indent,eol,start
filetype plugin on
autocmd FileType * let b:coc_suggest_disable = 1
source $SNIPPET
