import Foundation
import SAMPT
import TestSupport
import Testing

@testable import ProjectFile

@Suite("A damaged project: what was written comes back as it was, or not at all")
struct DamagedProjectTests {
    /// Opens a damaged file and reads everything; what comes back must be what was written.
    private func examine(_ path: String, _ what: String) throws {
        let expected = SampleProject.expected()
        do {
            let project = try ProjectFile(path: path)
            defer { project.close() }
            let damages = try project.verify()
            var isWhole = true
            if let log = try? project.loadLog() {
                #expect(log.elementsEqual(expected.log.prefix(log.count)), "\(what)")
                isWhole = log.count == 7
            } else {
                isWhole = false
            }
            for (index, key) in SampleProject.keys.enumerated() {
                for number in 0..<20 {
                    guard let frame = try? project.frame(number, of: key) else {
                        isWhole = false
                        continue
                    }
                    #expect(frame == expected.frames[index * 20 + number], "\(what)")
                }
            }
            #expect(isWhole || !damages.isEmpty, "\(what): something is lost, and verify finds nothing")
            if !damages.isEmpty {
                let copy = path + ".saved"
                _ = try project.save(to: copy)
                let saved = try ProjectFile(path: copy)
                #expect(try saved.verify().isEmpty, "\(what)")
                saved.close()
                try FileManager.default.removeItem(atPath: copy)
            }
        } catch let error as ProjectFileError {
            switch error {
            case .damaged, .notAProject, .newer: break
            default: Issue.record("\(what): \(error)")
            }
        }
    }

    @Test("Flipped bits, at 200 seeded places")
    func flippedBits() throws {
        let sample = try SampleProject()
        defer { sample.remove() }
        try sample.make().close()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: sample.path))
        var generator = SplitMix64(seed: 17)
        for round in 0..<200 {
            // Half of the places in the first pages, where the tables are described.
            let limit = round % 2 == 0 ? bytes.count : min(bytes.count, 8192)
            let (offset, bit) = (Int(generator.next() % UInt64(limit)), UInt8(generator.next() % 8))
            var damaged = bytes
            damaged[offset] ^= 1 << bit
            try damaged.write(to: URL(fileURLWithPath: sample.path))
            try examine(sample.path, "bit \(bit) of byte \(offset)")
            for end in ["-wal", "-journal"] { try? FileManager.default.removeItem(atPath: sample.path + end) }
        }
    }

    @Test("Cut short anywhere, and overwritten with noise")
    func cutShort() throws {
        let sample = try SampleProject()
        defer { sample.remove() }
        try sample.make().close()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: sample.path))
        var generator = SplitMix64(seed: 18)
        for round in 0..<60 {
            let length = round < 4 ? round * 50 : Int(generator.next() % UInt64(bytes.count))
            try bytes.prefix(length).write(to: URL(fileURLWithPath: sample.path))
            try examine(sample.path, "cut to \(length) bytes")
            var noisy = bytes
            for offset in length..<min(bytes.count, length + 600) { noisy[offset] = UInt8(truncatingIfNeeded: generator.next()) }
            try noisy.write(to: URL(fileURLWithPath: sample.path))
            try examine(sample.path, "noise from \(length) on")
            for end in ["-wal", "-journal"] { try? FileManager.default.removeItem(atPath: sample.path + end) }
        }
    }
}
