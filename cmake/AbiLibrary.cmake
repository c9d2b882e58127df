# libabi: every object of the house, once as a shared and once as a static library; abi::abi is one of the two.
get_property(objects GLOBAL PROPERTY ABI_OBJECTS)
get_property(links GLOBAL PROPERTY ABI_LINK)
list(REMOVE_DUPLICATES links)

foreach(kind shared static)
  string(TOUPPER ${kind} upper)
  add_library(abi_${kind} ${upper} ${objects})
  set_target_properties(abi_${kind} PROPERTIES OUTPUT_NAME abi EXPORT_NAME ${kind} LINKER_LANGUAGE CXX)
  target_compile_features(abi_${kind} PUBLIC cxx_std_23)
  target_include_directories(abi_${kind} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(abi_${kind} PRIVATE ${links} Threads::Threads)
  if(ABI_SANITIZE)
    target_link_options(abi_${kind} PUBLIC -fsanitize=${ABI_SANITIZE})
  endif()
  add_library(abi::${kind} ALIAS abi_${kind})
endforeach()
# Until 1.0 every minor version may break the binary interface, and the name says so.
set_target_properties(abi_shared PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
# What our objects define is ours; what they instantiate from the standard library stays inside.
if(NOT CMAKE_CROSSCOMPILING)
  target_link_options(abi_shared PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/libabi.map -Wl,--no-undefined)
  set_property(TARGET abi_shared APPEND PROPERTY LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/libabi.map)
endif()
if(BUILD_SHARED_LIBS)
  add_library(abi::abi ALIAS abi_shared)
else()
  add_library(abi::abi ALIAS abi_static)
endif()
