#pragma once
/// Which sanitizers a test is built with. g++ defines a macro for each, clang 19 answers __has_feature.

#if defined(__has_feature)
#define ABI_TEST_HAS_FEATURE(name) __has_feature(name)
#else
#define ABI_TEST_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || ABI_TEST_HAS_FEATURE(address_sanitizer)
#define ABI_TEST_ADDRESS_SANITIZER 1
#else
#define ABI_TEST_ADDRESS_SANITIZER 0
#endif
#if defined(__SANITIZE_THREAD__) || ABI_TEST_HAS_FEATURE(thread_sanitizer)
#define ABI_TEST_THREAD_SANITIZER 1
#else
#define ABI_TEST_THREAD_SANITIZER 0
#endif

namespace libabi::test {

inline constexpr bool address_sanitizer = ABI_TEST_ADDRESS_SANITIZER != 0;
inline constexpr bool thread_sanitizer = ABI_TEST_THREAD_SANITIZER != 0;
/// By one that makes everything some times slower.
inline constexpr bool sanitized = address_sanitizer || thread_sanitizer;

}  // namespace libabi::test
