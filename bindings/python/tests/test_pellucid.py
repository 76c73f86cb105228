"""The binding against a set that finds one mark. PELLUCID_TEST_SET names it, PELLUCID_TEST_MARK is it."""

import gc
import io
import os
import tarfile
import tempfile
import threading
import unittest

import pellucid

SET = os.environ["PELLUCID_TEST_SET"]
MARK = os.environ["PELLUCID_TEST_MARK"].encode()


class Sets(unittest.TestCase):
    def test_a_set_says_what_it_is(self):
        opened = pellucid.Set.open(SET)
        self.assertEqual(opened.signatures, 1)
        with open(SET, "rb") as file:
            self.assertEqual(pellucid.Set.from_bytes(file.read()).name, opened.name)

    def test_what_is_no_set_says_so(self):
        with self.assertRaises(pellucid.Error) as caught:
            pellucid.Set.open("/nonexistent")
        self.assertEqual(caught.exception.name, "set-unreadable")
        self.assertIn("/nonexistent", str(caught.exception))
        with self.assertRaises(pellucid.Error):
            pellucid.Set.from_bytes(b"something else")

    def test_nothing_scans_with_no_signatures(self):
        with self.assertRaises(pellucid.Error):
            pellucid.Engine([])


class Scans(unittest.TestCase):
    def setUp(self):
        self.set = pellucid.Set.open(SET)
        self.engine = pellucid.Engine([self.set])

    def test_findings(self):
        result = self.engine.scan_bytes(b"before " + MARK)
        self.assertEqual((result.verdict, result.completeness), ("malicious", "complete"))
        self.assertFalse(result.is_clean)
        (finding,) = result.findings
        self.assertEqual((finding.name, finding.method, finding.offset), ("Test.Mark", "pattern", 7))
        self.assertTrue(self.engine.scan_bytes(b"").is_clean)

    def test_paths_and_files(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"x" * 100_000 + MARK)
            file.flush()
            self.assertEqual(len(self.engine.scan_path(file.name).findings), 1)
            file.seek(5)
            self.assertEqual(len(self.engine.scan_file(file).findings), 1)
            self.assertEqual(file.tell(), 5)
        missing = self.engine.scan_path("/nonexistent")
        self.assertEqual(missing.completeness, "not-scanned")
        self.assertEqual([reason.name for reason in missing.reasons], ["unreadable"])

    def test_streams(self):
        stream = self.engine.stream(name="upload 7")
        for byte in MARK:
            stream.write(bytes([byte]))
        self.engine.swap_sets([self.set, self.set])
        result = stream.finish()
        self.assertEqual(len(result.findings), 1, "the sets that it began with")
        self.assertEqual(result.to_dict()["path"], "upload 7")
        with self.assertRaises(pellucid.Error):
            stream.finish()

    def test_readers(self):
        content = io.BytesIO(b"y" * 70_000 + MARK)

        def read_at(offset, length):
            content.seek(offset)
            return content.read(length)

        self.assertEqual(len(self.engine.scan_reader(read_at).findings), 1)
        short = self.engine.scan_reader(read_at, size=1_000_000)
        self.assertEqual([reason.name for reason in short.reasons], ["truncated"])
        with self.assertRaises(ZeroDivisionError):
            self.engine.scan_reader(lambda offset, length: 1 // 0)

    def test_cancel_from_another_thread(self):
        cancel = pellucid.Cancel()
        threading.Timer(0, cancel.request).start()
        result = self.engine.scan_reader(lambda offset, length: b"z" * length, cancel=cancel,
                                         max_memory_bytes=2**63, max_object_bytes=2**63, max_total_bytes=2**63)
        self.assertIn("cancelled", [reason.name for reason in result.reasons])

    def test_callbacks_watch_and_stop(self):
        seen = []
        self.engine.scan_bytes(MARK, on_object=lambda name, size, depth, types: seen.append((size, depth)),
                               on_finding=seen.append)
        self.assertEqual(seen, [(len(MARK), 0), "Test.Mark"])
        skipped = self.engine.scan_bytes(MARK, on_object=lambda *_: pellucid.SKIP)
        self.assertEqual([reason.name for reason in skipped.reasons], ["skipped"])
        stopped = self.engine.scan_bytes(MARK, on_finding=lambda name: pellucid.STOP)
        self.assertEqual({reason.name for reason in stopped.reasons}, {"cancelled"})
        with self.assertRaises(ZeroDivisionError):
            self.engine.scan_bytes(MARK, on_finding=lambda name: 1 // 0)

    def test_metadata_and_unknown_options(self):
        result = self.engine.scan_bytes(b"", metadata={"sender": "ä@example.org"}, name="m")
        self.assertEqual(result.to_dict()["metadata"], {"sender": "ä@example.org"})
        with self.assertRaises(TypeError):
            self.engine.scan_bytes(b"", max_patience=1)

    def test_several_threads_find_the_same(self):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as entries:
            for i in range(300):
                content = b"%d " % i + MARK * (i % 2)
                entry = tarfile.TarInfo(str(i))
                entry.size = len(content)
                entries.addfile(entry, io.BytesIO(content))
        found = [self.engine.scan_bytes(archive.getvalue(), threads=threads).to_dict()["findings"]
                 for threads in (1, 2, 8)]
        self.assertGreaterEqual(len(found[0]), 150)
        self.assertEqual(found, [found[0]] * 3)

    def test_threads_share_an_engine(self):
        counts = []

        def scan():
            for _ in range(20):
                counts.append(len(self.engine.scan_bytes(MARK).findings))

        threads = [threading.Thread(target=scan) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(counts, [1] * 160)

    def test_handles_may_go_in_any_order(self):
        engine = pellucid.Engine([pellucid.Set.open(SET)])
        stream = engine.stream()
        del engine
        gc.collect()
        stream.write(MARK)
        self.assertEqual(len(stream.finish().findings), 1)


if __name__ == "__main__":
    unittest.main()
