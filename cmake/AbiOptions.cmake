# abi_compile_options(<target>): the language, the warnings and the sanitizers that every target of the house has.
set(ABI_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize=: address,undefined or thread")
option(ABI_FUZZ "build the fuzz targets with libFuzzer (clang)" OFF)
set(ABI_FUZZ_SECONDS 5 CACHE STRING "how long ctest runs each fuzz target")
option(ABI_WERROR "warnings are errors" OFF)

set(closures ON)
if(ABI_SANITIZE AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
  set(closures OFF)  # clang leaves the sanitizer's runtime out of shared libraries, which --no-undefined refuses
endif()
if(CMAKE_CROSSCOMPILING)
  set(closures OFF)
endif()
option(ABI_CLOSURES "link each layer alone with exactly what it names" ${closures})

function(abi_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_23)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
    -Wnon-virtual-dtor -Wno-psabi $<$<CXX_COMPILER_ID:GNU>:-Wno-missing-field-initializers -Wno-maybe-uninitialized>
    $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-designated-field-initializers>
    $<$<BOOL:${ABI_WERROR}>:-Werror>
    -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)  # a failed check names its place in the house, not on the machine
  if(ABI_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${ABI_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(${target} PUBLIC -fsanitize=${ABI_SANITIZE})
  endif()
  if(ABI_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()
