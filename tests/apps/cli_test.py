#!/usr/bin/env python3
"""The program abi, driven as a shell does it: cli_test.py PROGRAM SOURCE_DIR"""

from __future__ import annotations

import array
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM, SOURCE = Path(sys.argv[1]), Path(sys.argv[2])
STORIES = SOURCE / "models" / "stories.gguf"
MODELS = SOURCE / "tests" / "data" / "golden" / "llm" / "models"
ONCE = ("run", "-m", str(STORIES), "-p", "Once upon a time", "--temp", "0", "-t", "2")


def abi(*arguments: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([PROGRAM, *arguments], input=text, capture_output=True, timeout=120)


def on_terminal(*arguments: str) -> tuple[int, bytes, bytes]:
    """Exit code, standard output and what a terminal on standard error received."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    screen, out = b"", b""
    while True:
        ready, _, _ = select.select([ours, child.stdout], [], [], 60)
        if not ready:
            break
        if child.stdout in ready:
            part = os.read(child.stdout.fileno(), 4096)
            out += part
            if not part:
                break
        if ours in ready:
            try:
                screen += os.read(ours, 4096)
            except OSError:
                break
    out += child.stdout.read()
    child.stdout.close()
    code = child.wait(60)
    while select.select([ours], [], [], 0)[0]:
        try:
            screen += os.read(ours, 4096)
        except OSError:
            break
    os.close(ours)
    return code, out, screen


class Run(unittest.TestCase):
    def test_streams_the_prompt_and_the_text_and_sums_up_on_stderr(self) -> None:
        done = abi(*ONCE, "-n", "24")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith(b"Once upon a time"), done.stdout)
        self.assertGreater(len(done.stdout.split()), 12)
        self.assertRegex(done.stderr.decode(), r"prompt +\d+ tokens +[\d.]+ tokens/s\n"
                                               r"generation +24 tokens +[\d.]+ tokens/s  \(length\)")

    def test_the_same_seed_gives_the_same_text_at_any_number_of_threads(self) -> None:
        texts = {abi(*ONCE[:5], "--temp", "0.9", "--seed", "7", "-n", "40", "-t", t).stdout for t in ("1", "2", "3")}
        self.assertEqual(len(texts), 1)
        other = abi(*ONCE[:5], "--temp", "0.9", "--seed", "8", "-n", "40").stdout
        self.assertNotIn(other, texts)

    def test_json_holds_what_was_said_and_how_long_it_took(self) -> None:
        out = json.loads(abi(*ONCE, "-n", "16", "--json", "--log-probs", "3").stdout)
        self.assertEqual(out["generated_tokens"], 16)
        self.assertEqual(len(out["tokens"]), 16)
        self.assertEqual("".join(t["text"] for t in out["tokens"]), out["text"])
        self.assertGreater(out["prompt_tokens"], 3)
        self.assertGreater(out["generation_tokens_per_second"], 0)
        for token in out["tokens"]:
            self.assertEqual(len(token["top"]), 3)
            self.assertEqual(token["top"][0]["id"], token["id"])  # greedy
            self.assertAlmostEqual(token["top"][0]["log_probability"], token["log_probability"], places=5)
            self.assertLessEqual(token["log_probability"], 0)

    def test_a_stop_string_ends_the_text_before_it(self) -> None:
        whole = json.loads(abi(*ONCE, "-n", "40", "--json").stdout)["text"]
        stop = whole.split()[8]
        cut = json.loads(abi(*ONCE, "-n", "40", "--json", "-r", stop).stdout)
        self.assertEqual(cut["finish_reason"], "stop")
        self.assertEqual(cut["text"], whole[: whole.index(stop)])

    def test_the_prompt_can_come_from_standard_input(self) -> None:
        piped = abi("run", "-m", str(STORIES), "-f", "-", "--temp", "0", "-n", "8", text=b"Once upon a time")
        self.assertEqual(piped.stdout, abi(*ONCE, "-n", "8").stdout)

    def test_a_bias_of_minus_infinity_forbids_a_token(self) -> None:
        first = json.loads(abi(*ONCE, "-n", "1", "--json").stdout)["tokens"][0]["id"]
        biased = json.loads(abi(*ONCE, "-n", "1", "--json", "-l", f"{first}-inf").stdout)["tokens"][0]["id"]
        self.assertNotEqual(first, biased)

    def test_ctrl_c_ends_the_generation_cleanly_with_130(self) -> None:
        child = subprocess.Popen([PROGRAM, *ONCE, "-n", "-1", "--ignore-eos", "-c", "512"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        first = child.stdout.read(40)  # it is generating
        child.send_signal(signal.SIGINT)
        rest, errors = child.communicate(timeout=60)
        if child.returncode == 0:
            self.assertIn(b"(context)", errors)  # it was done before the signal came
        else:
            self.assertEqual(child.returncode, 130, errors)
            self.assertIn(b"(interrupted)", errors)
        self.assertTrue((first + rest).endswith(b"\n"))

    def test_bars_are_drawn_on_a_terminal_and_nowhere_else(self) -> None:
        code, out, screen = on_terminal(*ONCE, "-n", "4")
        self.assertEqual(code, 0)
        self.assertIn("█".encode(), screen)
        self.assertIn(b"loading", screen)
        self.assertNotIn("█".encode(), out)
        piped = abi(*ONCE, "-n", "4")
        self.assertNotIn("█".encode(), piped.stderr + piped.stdout)

    def test_legacy_names_are_translated(self) -> None:
        plain = abi(*ONCE, "-n", "8")
        legacy = abi(*ONCE, "-n", "8", "-ngl", "0", "-ctk", "f16", "-ctv=f16", "-fa")
        self.assertEqual((legacy.returncode, legacy.stdout), (0, plain.stdout), legacy.stderr)
        quantised = abi(*ONCE, "-n", "8", "-ctk", "q8_0", "-ctv", "q8_0")
        self.assertEqual(quantised.returncode, 0, quantised.stderr)


class Errors(unittest.TestCase):
    def assert_error(self, code: int, expected: str, *arguments: str) -> None:
        done = abi(*arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr.decode(), expected)
        self.assertEqual(done.stdout, b"")

    def test_a_wrong_command_line_is_2(self) -> None:
        for arguments in ([], ["no-such-command"], ["run", "-p"], ["run", "-m", "x", "--no-such-flag"],
                          ["run", "-m", "x", "-n", "many"], ["run", "-m", "x", "-p"],
                          ["embed", "-m", "x", "--embd-normalize", "-2"]):
            done = abi(*arguments)
            self.assertEqual(done.returncode, 2, (arguments, done.stderr))

    def test_help_and_version_are_0(self) -> None:
        for arguments in (["--help"], ["--version"], ["run", "--help"], ["inspect", "-h"]):
            done = abi(*arguments)
            self.assertEqual(done.returncode, 0, arguments)
            self.assertGreater(len(done.stdout), 5)

    def test_what_cannot_be_a_model_is_1(self) -> None:
        run = lambda file: ("run", "-m", str(file), "-p", "x", "-n", "1")  # noqa: E731
        self.assert_error(1, "no-such.gguf", *run("no-such.gguf"))
        self.assert_error(1, "directory", *run(SOURCE))
        with tempfile.TemporaryDirectory() as folder:
            text = Path(folder) / "text.gguf"
            text.write_text("not a model")
            self.assert_error(1, "magic|GGUF", *run(text))
            other = Path(folder) / "other.gguf"
            key, value = b"general.architecture", b"perceptron"
            other.write_bytes(b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, len(key)) + key + struct.pack("<IQ", 8, len(value)) + value)
            self.assert_error(1, "perceptron.*llama", *run(other))

    def test_what_cannot_be_asked_is_1(self) -> None:
        run = lambda *more: ("run", "-m", str(STORIES), "-n", "1", *more)  # noqa: E731
        self.assert_error(1, "top_p|top-p", *run("-p", "x", "--top-p", "7"))
        self.assert_error(1, "q9_9", *run("-p", "x", "-ctk", "q9_9"))
        self.assert_error(1, "logit bias", *run("-p", "x", "-l", "nonsense"))
        self.assert_error(1, "999999", *run("-p", "x", "-l", "999999+1"))
        self.assert_error(1, "context|hold", *run("-p", "word " * 500, "-c", "64"))
        self.assert_error(1, "cuda", *run("-p", "x", "--device", "cuda"))


class OtherCommands(unittest.TestCase):
    def test_inspect_tells_metadata_tensors_and_memory(self) -> None:
        out = json.loads(abi("inspect", str(STORIES), "--json").stdout)
        self.assertEqual(out["metadata"]["general.architecture"], "llama")
        self.assertEqual(len(out["metadata"]["tokenizer.ggml.tokens"]), 2048)
        self.assertEqual(len(out["tensors"]), 56)
        self.assertGreater(out["memory"]["total"], out["memory"]["cache"])
        text = abi("inspect", str(STORIES)).stdout.decode()
        self.assertIn("token_embd.weight", text)
        self.assertIn("56 tensors", text)

    def test_tokenize_and_back(self) -> None:
        sentence = "The little fox went home.\n"
        ids = abi("tokenize", "-m", str(STORIES), "-p", sentence, "--ids", "--no-bos").stdout.split()
        back = json.loads(abi("tokenize", "-m", str(STORIES), "--json", "--decode", *map(bytes.decode, ids)).stdout)
        self.assertEqual(back["text"].strip(), sentence.strip())
        listed = json.loads(abi("tokenize", "-m", str(STORIES), "-p", sentence, "--json", "--no-bos").stdout)
        self.assertEqual([t["id"] for t in listed["tokens"]], [int(i) for i in ids])

    def test_bench_gives_a_row_for_each_test(self) -> None:
        arguments = ("bench", "-m", str(STORIES), "-p", "32", "-n", "8", "-r", "2", "-t", "1,2")
        rows = [json.loads(line) for line in abi(*arguments, "-o", "json").stdout.splitlines()]
        self.assertEqual([(r["test"], r["threads"]) for r in rows], [("pp32", 1), ("tg8", 1), ("pp32", 2), ("tg8", 2)])
        for row in rows:
            self.assertEqual(len(row["samples"]), 2)
            self.assertGreater(row["tokens_per_second"], 0)
        table = abi(*arguments, "-o", "md").stdout.decode().splitlines()
        self.assertEqual(len(table), 2 + 4)
        self.assertEqual({line.count("|") for line in table}, {8})

    def test_embeddings_have_length_one_unless_told_otherwise(self) -> None:
        model = MODELS / "bert-mean.gguf"
        ask = ("embed", "-m", str(model), "-p", "a", "--json")
        embed = lambda *more: json.loads(abi(*ask, *more).stdout)["embedding"]  # noqa: E731
        raw, unit, taxicab = embed("--embd-normalize", "-1"), embed(), embed("--embd-normalize", "1")
        length = sum(x * x for x in raw) ** 0.5
        self.assertGreater(abs(length - 1), 1e-3)
        self.assertAlmostEqual(sum(x * x for x in unit) ** 0.5, 1, places=5)
        self.assertAlmostEqual(sum(map(abs, taxicab)), 1, places=5)
        for a, b in zip(raw, unit):
            self.assertAlmostEqual(a / length, b, places=5)

    def test_a_ranker_scores_texts_against_a_query(self) -> None:
        model = str(MODELS / "bert-rank.gguf")
        asked = abi("embed", "-m", model, "-q", "a", "-p", "b", "-p", "c", "--json")
        rows = [json.loads(line) for line in asked.stdout.splitlines()]
        self.assertEqual([r["text"] for r in rows], ["b", "c"])
        self.assertNotEqual(rows[0]["score"], rows[1]["score"])
        self.assertEqual(abi("embed", "-m", model, "-p", "b").returncode, 1)

    def test_logits_are_rows_for_the_prompt_and_the_greedy_steps(self) -> None:
        golden = SOURCE / "tests" / "data" / "golden" / "llm" / "logits"
        for name, tolerance in (("llama-gqa", 1e-4), ("gpt2", 1e-3), ("bert-cls", 1e-3)):
            case = json.loads((golden / f"{name}.json").read_text())
            steps = max(len(case["greedy_tokens"]) - 1, 0)
            with tempfile.TemporaryDirectory() as folder:
                out = Path(folder) / "out.f32"
                done = abi("logits", "-m", str(MODELS / f"{name}.gguf"), "--tokens", ",".join(map(str, case["prompt_tokens"])),
                           "--steps", str(steps), "--ctk", "f32", "--ctv", "f32", "-o", str(out))
                self.assertEqual(done.returncode, 0, done.stderr)
                found, expected = array.array("f", out.read_bytes()), array.array("f", (golden / f"{name}.f32").read_bytes())
            self.assertEqual(len(found), len(expected))
            self.assertLess(max(abs(a - b) for a, b in zip(found, expected)), tolerance)
            if steps:
                self.assertEqual(json.loads(done.stdout)["greedy_tokens"], case["greedy_tokens"][:steps])
        self.assertEqual(abi("logits", "--tokens", "1,99999", "-o", os.devnull).returncode, 1)
        self.assertEqual(abi("logits", "--tokens", "1", "-o", "/no/such/folder/x").returncode, 1)

    def test_lines_are_tokenised_and_back(self) -> None:
        texts = ["The little fox", "", "naïve \u2603", "</s>"]
        lines = "".join(json.dumps(text) + "\n" for text in texts).encode()
        plain = [json.loads(line) for line in abi("tokenize", "--jsonl", text=lines).stdout.splitlines()]
        marked = [json.loads(line) for line in
                  abi("tokenize", "--jsonl", "--add-special", "--parse-special", text=lines).stdout.splitlines()]
        self.assertEqual([ids[1:] for ids in marked[:3]], plain[:3])
        self.assertEqual(len(marked[3]), 2)
        back = abi("tokenize", "--jsonl", "--detokenize", text="".join(f"{ids}\n" for ids in plain).encode())
        self.assertEqual([json.loads(line).strip() for line in back.stdout.splitlines()], [text.strip() for text in texts])
        ids = abi("tokenize", "--jsonl", "--hex", text=b"ff41\n")
        self.assertEqual(abi("tokenize", "--jsonl", "--detokenize", "--hex", text=ids.stdout).stdout.strip()[-4:], b"ff41")
        for wrong in (b"word\n", b"[1]\n"):
            done = abi("tokenize", "--jsonl", text=b'"fine"\n' + wrong)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"line 2", done.stderr)

    def test_synth_writes_a_model_that_runs(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            first, second = Path(folder) / "a.gguf", Path(folder) / "b.gguf"
            for file in (first, second):
                done = abi("synth", "--shape", "llama-15m", "--type", "q5_1", "-o", str(file), "--seed", "5")
                self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(first.read_bytes(), second.read_bytes())
            run = json.loads(abi("run", "-m", str(first), "-p", "w300 w301", "-n", "4", "--ignore-eos", "--json").stdout)
            self.assertEqual(run["generated_tokens"], 4)
        self.assertEqual(abi("synth", "--shape", "llama-9000b", "-o", os.devnull).returncode, 1)
        self.assertEqual(abi("synth", "--type", "i32", "-o", os.devnull).returncode, 1)

    def test_the_model_in_the_box_is_the_default(self) -> None:
        default = abi("run", "-p", "Once upon a time", "--temp", "0", "-n", "8")
        self.assertEqual((default.returncode, default.stdout), (0, abi(*ONCE, "-n", "8").stdout), default.stderr)

    def test_list_knows_the_families(self) -> None:
        out = json.loads(abi("list", "--json").stdout)
        self.assertLessEqual({"llama", "qwen2", "gpt2", "bert"}, {m["name"] for m in out["architectures"]})
        self.assertIn("Q4_0", {m["name"] for m in out["formats"]})
        self.assertEqual(abi("list", "no-such-family").returncode, 1)
        self.assertIn(b"llama", abi("list", "architectures").stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
