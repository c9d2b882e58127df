int x; // ÿ
