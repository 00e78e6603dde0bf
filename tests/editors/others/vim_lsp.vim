" vim-lsp: its completion as omnifunc.
set nocompatible
let &runtimepath = $VIM_LSP . ',' . &runtimepath
filetype plugin on
source $SNIPPET
set omnifunc=lsp#complete
inoremap <expr> <C-t> pumvisible() ? "\<C-y>" : ""
