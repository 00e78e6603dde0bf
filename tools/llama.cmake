# Read by the build of llama-cpp-python (tools/install.py). It leaves out llama.cpp's library for
# command line programs, which no Python code loads and a third of the time goes into. The build
# sets the option of this name in CMake's cache, by force; a variable goes before the cache.
set(LLAMA_BUILD_COMMON OFF)
