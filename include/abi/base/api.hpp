#pragma once

/// Marks what libabi exports; everything else is hidden. An exported class exports its out-of-line members.
#define ABI_API __attribute__((visibility("default")))
