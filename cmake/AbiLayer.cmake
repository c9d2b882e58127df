# Layers, features, registries and tests: the functions every CMakeLists.txt of the house is written with.
add_custom_target(parity)   # what the parity tests compare
add_custom_target(fuzzers)  # every fuzz target

# abi_layer(<name> SOURCES ... [DEPENDS <layer>...] [LINK <lib>...] [KERNELS <source>...] [HEADERS_OF <layer>] [OUTSIDE_LIBRARY])
#
# One OBJECT target, abi_<name>. It can include its own public headers (include/abi/<name>) and those of the layers it
# names, and nothing else: include/ is seen through one directory per layer. A layer is declared after the layers it
# stands on, so the order of the add_subdirectory() calls in the root is the architecture. KERNELS are compiled once per
# instruction set (AbiKernels.cmake). abi_<name>_closure links the layer with exactly what it names and fails on
# anything missing. The objects enter libabi unless OUTSIDE_LIBRARY is given.
function(abi_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 A "OUTSIDE_LIBRARY" "HEADERS_OF" "SOURCES;DEPENDS;LINK;KERNELS")
  if(A_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "layer '${name}': unknown arguments ${A_UNPARSED_ARGUMENTS}")
  endif()
  foreach(depend IN LISTS A_DEPENDS)
    if(NOT TARGET abi_${depend})
      message(FATAL_ERROR "layer '${name}' names '${depend}', which is not declared before it")
    endif()
  endforeach()
  set(headers ${name})
  if(A_HEADERS_OF)
    set(headers ${A_HEADERS_OF})
  endif()
  set(view ${PROJECT_BINARY_DIR}/view/${headers})
  file(MAKE_DIRECTORY ${view}/abi)
  if(EXISTS ${PROJECT_SOURCE_DIR}/include/abi/${headers})
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include/abi/${headers} ${view}/abi/${headers} SYMBOLIC)
  endif()

  list(TRANSFORM A_DEPENDS PREPEND abi_ OUTPUT_VARIABLE depends)
  add_library(abi_${name} OBJECT ${A_SOURCES})
  abi_compile_options(abi_${name})
  target_include_directories(abi_${name} PUBLIC ${view} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(abi_${name} PUBLIC ${depends} PRIVATE ${A_LINK})
  set(objects $<TARGET_OBJECTS:abi_${name}>)
  if(A_KERNELS)
    abi_kernels(${name} SOURCES ${A_KERNELS} OBJECTS kernel_objects)
    list(APPEND objects ${kernel_objects})
  endif()
  set_target_properties(abi_${name} PROPERTIES ABI_LAYER_OBJECTS "${objects}" ABI_LAYER_DEPENDS "${A_DEPENDS}"
    ABI_LAYER_SOURCE_DIR ${CMAKE_CURRENT_SOURCE_DIR} ABI_LAYER_HEADERS ${headers})
  set_property(GLOBAL APPEND PROPERTY ABI_LAYERS ${name})
  if(NOT A_OUTSIDE_LIBRARY)
    set_property(GLOBAL APPEND PROPERTY ABI_OBJECTS ${objects})
    set_property(GLOBAL APPEND PROPERTY ABI_LINK ${A_LINK})
  endif()

  if(ABI_CLOSURES)
    add_library(abi_${name}_closure SHARED ${objects})
    list(TRANSFORM depends APPEND _closure)
    target_link_libraries(abi_${name}_closure PRIVATE ${depends} ${A_LINK})
    target_link_options(abi_${name}_closure PRIVATE -Wl,--no-undefined)
    if(ABI_SANITIZE)
      target_link_options(abi_${name}_closure PRIVATE -fsanitize=${ABI_SANITIZE})
    endif()
    set_target_properties(abi_${name}_closure PROPERTIES LINKER_LANGUAGE CXX
      LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/closure)
  endif()
endfunction()

# abi_feature(<name> SOURCES ... STUB ... [DEPENDS ...] [LINK ...] [KERNELS ...]): a layer with a switch, ABI_<NAME>, and
# stubs beside it. Both are always compiled; the switch picks the one that enters libabi, and the test <name>.parity
# compares what the two export.
function(abi_feature name)
  cmake_parse_arguments(PARSE_ARGV 1 A "" "" "SOURCES;STUB;DEPENDS;LINK;KERNELS")
  string(TOUPPER ${name} upper)
  option(ABI_${upper} "build ${name}; its stub otherwise" ON)
  abi_layer(${name} OUTSIDE_LIBRARY SOURCES ${A_SOURCES} DEPENDS ${A_DEPENDS} LINK ${A_LINK} KERNELS ${A_KERNELS})
  abi_layer(${name}_stub OUTSIDE_LIBRARY HEADERS_OF ${name} SOURCES ${A_STUB} DEPENDS ${A_DEPENDS})
  set(side ${name}_stub)
  if(ABI_${upper})
    set(side ${name})
    set_property(GLOBAL APPEND PROPERTY ABI_LINK ${A_LINK})
    set_property(GLOBAL APPEND PROPERTY ABI_FEATURES ${name})
  endif()
  get_target_property(objects abi_${side} ABI_LAYER_OBJECTS)
  set_property(GLOBAL APPEND PROPERTY ABI_OBJECTS ${objects})
  if(ABI_CLOSURES AND BUILD_TESTING)
    add_test(NAME ${name}.parity COMMAND ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/parity.sh
      $<TARGET_FILE:abi_${name}_closure> $<TARGET_FILE:abi_${name}_stub_closure>)
    add_dependencies(parity abi_${name}_closure abi_${name}_stub_closure)
  endif()
endfunction()

# abi_backend(<name> SOURCES ... [DEPENDS ...] [LINK ...] [KERNELS ...]): the feature backend_<name> with the switch
# ABI_BACKEND_<NAME>, made of a folder of backends/ and its stub.cpp. Both sides define the constant that
# backends/backend.hpp declares for the line of backends.def, and export nothing else.
function(abi_backend name)
  abi_feature(backend_${name} STUB stub.cpp ${ARGN})
  foreach(side backend_${name} backend_${name}_stub)
    target_include_directories(abi_${side} PRIVATE ${PROJECT_SOURCE_DIR}/backends)
  endforeach()
endfunction()

# abi_registry(<file.def> [<variable>]): puts <dir>/<entry>.cpp into <variable> (ABI_REGISTERED unless named) for every
# ABI_*(entry ...) line, so that the line that registers a member is also the line that compiles it. An entry whose
# source is one file of data only (no .cpp beside the .def) is listed by DATA_ONLY registries, which need no call.
macro(abi_registry def)
  set(_variable ABI_REGISTERED)
  if(${ARGC} GREATER 1)
    set(_variable ${ARGV1})
  endif()
  get_filename_component(_path ${CMAKE_CURRENT_SOURCE_DIR}/${def} ABSOLUTE)  # one name, however many folders read it
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${_path})
  get_filename_component(_dir ${def} DIRECTORY)
  if(_dir)
    string(APPEND _dir /)
  endif()
  file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/${def} _lines REGEX "^ABI_[A-Z0-9_]+\\(")
  set(${_variable})
  foreach(_line IN LISTS _lines)
    string(REGEX REPLACE "^ABI_[A-Z0-9_]+\\(([a-z0-9_]+).*" "\\1" _entry "${_line}")
    list(APPEND ${_variable} ${_dir}${_entry}.cpp)
  endforeach()
endmacro()

# abi_test(<name> SOURCES ... [LAYERS <layer>...] [LINK ...] [DATA]): the GoogleTest program test_<name>. It links the
# static libabi and sees all public headers, and the private ones of the layers it names. Every TEST is one ctest.
function(abi_test name)
  cmake_parse_arguments(PARSE_ARGV 1 A "" "TIMEOUT" "SOURCES;LAYERS;LINK;LABELS")
  add_executable(test_${name} ${A_SOURCES})
  abi_compile_options(test_${name})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  foreach(layer IN LISTS A_LAYERS)
    get_target_property(dir abi_${layer} ABI_LAYER_SOURCE_DIR)
    target_include_directories(test_${name} PRIVATE ${dir})
  endforeach()
  target_link_libraries(test_${name} PRIVATE abi_static GTest::gtest_main ${A_LINK})
  target_compile_definitions(test_${name} PRIVATE
    ABI_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ABI_BINARY_DIR="${PROJECT_BINARY_DIR}")
  set(timeout 300)
  if(A_TIMEOUT)
    set(timeout ${A_TIMEOUT})
  endif()
  gtest_discover_tests(test_${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120
    PROPERTIES TIMEOUT ${timeout} LABELS "${name};${A_LABELS}")
endfunction()

# abi_fuzz(<name> SOURCES <target.cpp> [CORPUS <dir>] [LAYERS ...]): a libFuzzer target, fuzz_<name>. Under the fuzz
# preset (clang) ctest runs it for ABI_FUZZ_SECONDS; elsewhere a small driver replays the corpus and seeded mutations.
function(abi_fuzz name)
  cmake_parse_arguments(PARSE_ARGV 1 A "" "CORPUS" "SOURCES;LAYERS")
  add_executable(fuzz_${name} ${A_SOURCES})
  abi_compile_options(fuzz_${name})
  foreach(layer IN LISTS A_LAYERS)
    get_target_property(dir abi_${layer} ABI_LAYER_SOURCE_DIR)
    target_include_directories(fuzz_${name} PRIVATE ${dir})
  endforeach()
  target_link_libraries(fuzz_${name} PRIVATE abi_static)
  if(NOT A_CORPUS)
    set(A_CORPUS ${PROJECT_SOURCE_DIR}/tests/data/corpus/${name})
  endif()
  if(ABI_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    set(work ${PROJECT_BINARY_DIR}/fuzz/${name})
    file(MAKE_DIRECTORY ${work})
    add_test(NAME fuzz.${name} COMMAND fuzz_${name} -max_total_time=${ABI_FUZZ_SECONDS} -rss_limit_mb=1024 -timeout=10
      -max_len=65536 -print_final_stats=1 -artifact_prefix=${work}/ ${work} ${A_CORPUS})
  else()
    target_sources(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz_driver.cpp)
    add_test(NAME fuzz.${name} COMMAND fuzz_${name} ${A_CORPUS})
  endif()
  math(EXPR timeout "${ABI_FUZZ_SECONDS} + 300")
  set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT ${timeout} LABELS fuzz)
  add_dependencies(fuzzers fuzz_${name})
endfunction()
