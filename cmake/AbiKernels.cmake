# abi_kernels(<layer> SOURCES ... OBJECTS <out>): compiles the kernel sources of a layer once per instruction set, each
# into its own namespace (ABI_ISA_NS), and returns the objects. The order is from the plainest to the best; simd/isa.def
# holds the same names with what a processor must have.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(ABI_ISAS baseline avx2 avx512 avx512vnni)
  set(ABI_ISA_FLAGS_baseline -march=x86-64-v2)
  set(ABI_ISA_FLAGS_avx2 -march=x86-64-v3)
  set(ABI_ISA_FLAGS_avx512 -march=x86-64-v4)
  set(ABI_ISA_FLAGS_avx512vnni -march=x86-64-v4 -mavx512vnni -mavx512bf16)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(ABI_ISAS neon neon_i8mm)
  set(ABI_ISA_FLAGS_neon -march=armv8-a)
  set(ABI_ISA_FLAGS_neon_i8mm -march=armv8.2-a+dotprod+i8mm+fp16)
else()
  message(FATAL_ERROR "no instruction sets are known for ${CMAKE_SYSTEM_PROCESSOR}; see docs/howto/add-an-instruction-set.md")
endif()

function(abi_kernels layer)
  cmake_parse_arguments(PARSE_ARGV 1 A "" "OBJECTS" "SOURCES")
  set(objects)
  foreach(isa IN LISTS ABI_ISAS)
    set(target abi_${layer}_${isa})
    add_library(${target} OBJECT ${A_SOURCES})
    abi_compile_options(${target})
    target_include_directories(${target} PRIVATE
      $<TARGET_PROPERTY:abi_${layer},INCLUDE_DIRECTORIES> $<TARGET_PROPERTY:abi_${layer},INTERFACE_INCLUDE_DIRECTORIES>)
    # Sanitizers stay on, since they see overruns; a debug build optimises all the same, or the suite takes hours.
    target_compile_options(${target} PRIVATE ${ABI_ISA_FLAGS_${isa}} $<$<CONFIG:Debug>:-O2>)
    target_compile_definitions(${target} PRIVATE ABI_ISA_NS=${isa})
    list(APPEND objects $<TARGET_OBJECTS:${target}>)
    set_property(GLOBAL APPEND PROPERTY ABI_KERNEL_TARGETS ${target})
  endforeach()
  set(${A_OBJECTS} ${objects} PARENT_SCOPE)
endfunction()
