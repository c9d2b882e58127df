// Declares what it may not include: this compiles, and must not link.
namespace libabi::other {
int answer();
}

int detour() { return libabi::other::answer(); }
