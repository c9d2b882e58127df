abi_registry(sampler/sampler.def samplers)
set(sampler_sources ${samplers} sampler/log_probability.cpp sampler/nucleus.cpp sampler/options.cpp sampler/registry.cpp
  sampler/sampler.cpp sampler/softmax.cpp sampler/stop_matcher.cpp)
# The same logits and seed give the same tokens on every machine, so no compiler may fuse a product into a sum.
set_source_files_properties(${sampler_sources} PROPERTIES COMPILE_OPTIONS -ffp-contract=off)
list(APPEND ABI_LLM_SOURCES ${sampler_sources})
list(APPEND ABI_LLM_STUBS sampler/stub.cpp)
