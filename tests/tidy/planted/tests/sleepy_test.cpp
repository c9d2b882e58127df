TEST(Sleepy, DISABLED_Waits) {
  std::this_thread::sleep_for(1s);
  EXPECT_TRUE(true);
}
