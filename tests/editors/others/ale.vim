" ALE: its own completion as omnifunc.
set nocompatible
let g:ale_linters_explicit = 1
let g:ale_linters = {'python': ['sidelong']}
packadd ale
filetype plugin on
source $SNIPPET
set omnifunc=ale#completion#OmniFunc
inoremap <expr> <C-t> pumvisible() ? "\<C-y>" : ""
