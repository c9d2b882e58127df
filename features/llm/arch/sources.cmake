abi_registry(arch/arch.def architectures)
list(APPEND ABI_LLM_SOURCES ${architectures} arch/blocks.cpp arch/blueprint.cpp arch/hyper_parameters.cpp arch/registry.cpp)
