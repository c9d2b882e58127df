#include <cassert>
#include <regex>

// abort() and throw in a comment are words: a check reads code.
const char* text = "std::abort() in a string";

void calls(int* p, Timer& timer) {
  if (!p) std::abort();
  if (!p) exit(1);
  assert(p);
  if (!p) throw 1;
  std::cout << *p;
  printf("%d", *p);
  fprintf(stderr, "x");
  std::regex pattern("x");
  const int i = std::stoi("1");
  void* q = malloc(4);
  delete p;
  std::thread own([] {});
  std::random_device device;
  using namespace std;
  timer.exit();           // a member of that name is not the call
  std::thread::id none;   // nor is the type of a name
  snprintf(buffer, 1, "x");
  Model(const Model&) = delete;
  throw;
}
