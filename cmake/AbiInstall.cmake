# What install puts where: headers as they are, both libraries, the bundled model, and the files by which others find
# them. Everything is found relative to itself, so an installed tree may be moved.
#   find_package(abi CONFIG)                     abi::abi is the shared library, which needs nothing else to link
#   find_package(abi CONFIG COMPONENTS static)   abi::abi is the static one; what it stands on is found too
#   pkg-config abi, pkg-config abi-static        the same two
include(CMakePackageConfigHelpers)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/abi)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(generated ${PROJECT_BINARY_DIR}/install)

foreach(kind shared static)
  install(TARGETS abi_${kind} EXPORT abi_${kind}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT abi_${kind} NAMESPACE abi:: DESTINATION ${config_dir} FILE abi-${kind}-targets.cmake)
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/abi DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN *.hpp PATTERN *.h PATTERN *.def PATTERN *.inc)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/abi/models FILES_MATCHING PATTERN *.gguf
  PATTERN story EXCLUDE PATTERN __pycache__ EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The packages that the static library's link needs, from the names of its targets: fmt::fmt is in fmt.
get_target_property(links abi_static INTERFACE_LINK_LIBRARIES)
set(abi_dependencies)
set(abi_pkgconfig_requires)
foreach(link IN LISTS links)
  if(link MATCHES "^\\$<LINK_ONLY:([A-Za-z0-9_]+)::")
    string(APPEND abi_dependencies "find_dependency(${CMAKE_MATCH_1})\n  ")
    if(NOT CMAKE_MATCH_1 STREQUAL Threads)
      list(APPEND abi_pkgconfig_requires ${CMAKE_MATCH_1})
    endif()
  endif()
endforeach()
get_property(modules GLOBAL PROPERTY ABI_PKGCONFIG_MODULES)  # linked by their libraries' names, which need no package
list(APPEND abi_pkgconfig_requires ${modules})
string(STRIP "${abi_dependencies}" abi_dependencies)
list(JOIN abi_pkgconfig_requires ", " abi_pkgconfig_requires)

set(compatibility SameMajorVersion)
if(PROJECT_VERSION VERSION_LESS 1.0)
  set(compatibility SameMinorVersion)
endif()
write_basic_package_version_file(${generated}/abiConfigVersion.cmake COMPATIBILITY ${compatibility})
set(abi_default static)
if(BUILD_SHARED_LIBS)
  set(abi_default shared)
endif()
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/abiConfig.cmake.in ${generated}/abiConfig.cmake
  INSTALL_DESTINATION ${config_dir} NO_SET_AND_CHECK_MACRO)
install(FILES ${generated}/abiConfig.cmake ${generated}/abiConfigVersion.cmake DESTINATION ${config_dir})

file(RELATIVE_PATH abi_prefix_from_pc /${pkgconfig_dir} /)
string(REGEX REPLACE "/$" "" abi_prefix_from_pc ${abi_prefix_from_pc})
foreach(name abi abi-static)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${generated}/${name}.pc @ONLY)
  install(FILES ${generated}/${name}.pc DESTINATION ${pkgconfig_dir})
endforeach()
