import Foundation
import GRDB
import Media
import SAMPT
import TestSupport
import Testing

@testable import ProjectFile

@Suite("A project gives back what was put into it, and refuses what is not one")
struct ProjectFileTests {
    private let sample: SampleProject

    init() throws { sample = try SampleProject() }

    private func error(_ body: () throws -> Void) -> ProjectFileError? {
        do { try body() } catch let error as ProjectFileError { return error } catch { return nil }
        return nil
    }

    @Test("Log, frames, confidences and details are as they were after closing and opening again")
    func roundTrip() throws {
        defer { sample.remove() }
        try sample.make().close()
        #expect(sample.contents == ["sample.sampt"])
        for access in [ProjectAccess.writing, .reading] {
            let project = try ProjectFile(path: sample.path, access: access)
            defer { project.close() }
            let (found, expected) = (try SampleProject.everything(of: project), SampleProject.expected())
            #expect(found.log == expected.log)
            #expect(found.frames == expected.frames)
            #expect(project.details == SampleProject.details)
            #expect(try project.summaries(of: SampleProject.keys[1], in: 0...30) == (0..<20).map { SampleProject.frame($0).summary })
            #expect(try project.summaries(of: SampleProject.keys[0], in: 7...8) == [7, 8].map { SampleProject.frame($0).summary })
            #expect(try project.frame(20, of: SampleProject.keys[0]) == nil)
            #expect(try project.frame(0, of: #require(SpanKey(String(repeating: "0", count: 32)))) == nil)
            #expect(try project.verify().isEmpty)
        }
        #expect(sample.contents == ["sample.sampt"])
    }

    @Test("A group of edits is one entry, whole after closing and opening again")
    func group() throws {
        defer { sample.remove() }
        let project = try sample.make()
        let masks = (6..<9).map { Edit.setMask(AnchorPlace(object: 2, frame: $0), RunLengthMask(SampleProject.disk($0))) }
        let log = try project.loadLog()
        let group = LoggedEdit(number: log.count + 1, edit: .group([.addObject(object: 2, name: "dog")] + masks))
        try project.append(group)
        #expect(try project.contents().entries == log.count + 1)
        project.close()
        let again = try ProjectFile(path: sample.path)
        defer { again.close() }
        #expect(try again.loadLog() == log + [group])
        #expect(try again.verify().isEmpty)
    }

    @Test("What is known of frames without reading them is what they hold: seen or not, confidence, and why to look at them")
    func summaries() throws {
        defer { sample.remove() }
        let project = try sample.make()
        defer { project.close() }
        let frames = (50..<90).map { SampleProject.variedFrame($0) }
        try project.save(frames, of: SampleProject.keys[0])
        let found = try project.summaries(of: SampleProject.keys[0], in: 50...200)
        #expect(found == frames.map(\.summary))
        #expect(Set(found.map(\.isPresent)) == [true, false] && found.contains { $0.weakness == .lost })
        #expect(Set(ReviewReason.allCases.map(FrameRow.code)).count == ReviewReason.allCases.count)
        let store = InMemorySessionStore()
        store.save(frames, of: SampleProject.keys[0])
        #expect(store.summaries(of: SampleProject.keys[0], in: 0...200) == found)
    }

    @Test("Frames that are there already are not written twice, and a log has no gaps")
    func repeated() throws {
        defer { sample.remove() }
        let project = try sample.make()
        defer { project.close() }
        let before = try project.contents()
        try project.save([SampleProject.frame(3)], of: SampleProject.keys[0])
        #expect(try project.contents().frames == before.frames)
        #expect(throws: ProjectFileError.self) { try project.append(LoggedEdit(number: 20, edit: .undo)) }
        #expect(throws: ProjectFileError.self) { try project.append(LoggedEdit(number: 1, edit: .undo)) }
        #expect(try project.loadLog().count == SampleProject.edits.count)
    }

    @Test("A project is not written over")
    func exists() throws {
        defer { sample.remove() }
        try sample.make().close()
        let bytes = try Data(contentsOf: sample.folder.appendingPathComponent("sample.sampt"))
        #expect(throws: ProjectFileError.exists(path: sample.path)) { _ = try sample.make() }
        #expect(try Data(contentsOf: sample.folder.appendingPathComponent("sample.sampt")) == bytes)
        #expect(sample.contents == ["sample.sampt"])
    }

    @Test("One program at a time: opened twice, it says who has it")
    func inUse() throws {
        defer { sample.remove() }
        let project = try sample.make()
        #expect(throws: ProjectFileError.inUse(path: sample.path, process: getpid())) { _ = try ProjectFile(path: sample.path) }
        #expect(throws: ProjectFileError.inUse(path: sample.path, process: getpid())) {
            _ = try ProjectFile(path: sample.path, access: .reading)
        }
        project.close()
        try ProjectFile(path: sample.path).close()
    }

    @Test("What is no project is told by what it is")
    func others() throws {
        defer { sample.remove() }
        let path = sample.path
        #expect(error { _ = try ProjectFile(path: path) } == .notFound(path: path))
        #expect(error { _ = try ProjectFile(path: sample.folder.path) } == .notAProject(path: sample.folder.path, reason: "it is a folder"))
        for (text, reason) in [("", "it is empty"), ("{\"objects\": []}", "its contents are something else")] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            #expect(error { _ = try ProjectFile(path: path) } == .notAProject(path: path, reason: reason))
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(text.utf8))
        }
        try FileManager.default.removeItem(atPath: path)
        try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE t (a)") }
        #expect(error { _ = try ProjectFile(path: path) } == .notAProject(path: path, reason: "it is a database of another program"))
    }

    @Test("A newer form is refused, and the file stays as it is")
    func newer() throws {
        defer { sample.remove() }
        try sample.make().close()
        try DatabaseQueue(path: sample.path).write { try $0.execute(sql: "PRAGMA user_version = 99") }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: sample.path))
        let known = ProjectSchema.current
        #expect(error { _ = try ProjectFile(path: sample.path) } == .newer(path: sample.path, version: 99, known: known))
        #expect(try Data(contentsOf: URL(fileURLWithPath: sample.path)) == bytes)
        #expect("\(ProjectFileError.newer(path: "a", version: 99, known: known))".contains("Update sampt"))
    }

    @Test("A stranger's triggers, views and tables are refused, and run for nobody")
    func hostileSchema() throws {
        defer { sample.remove() }
        let statements = [
            "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry; END", "CREATE VIEW v AS SELECT * FROM entry",
            "CREATE TABLE other (a)", "CREATE INDEX i ON entry (edit)",
        ]
        for statement in statements {
            try sample.make().close()
            try DatabaseQueue(path: sample.path).write { try $0.execute(sql: statement) }
            let bytes = try Data(contentsOf: URL(fileURLWithPath: sample.path))
            guard case .notAProject(_, let reason)? = error({ _ = try ProjectFile(path: sample.path) }) else {
                Issue.record("\(statement) is accepted")
                continue
            }
            #expect(reason.contains("that sampt did not make"))
            #expect(try Data(contentsOf: URL(fileURLWithPath: sample.path)) == bytes)
            try FileManager.default.removeItem(atPath: sample.path)
        }
        try sample.make().close()
        try DatabaseQueue(path: sample.path).write { try $0.execute(sql: "DROP TABLE content") }
        guard case .damaged? = error({ _ = try ProjectFile(path: sample.path) }) else {
            Issue.record("a missing table is accepted")
            return
        }
    }

    @Test("Fields of other kinds and sizes than they should have are damage, not a trap")
    func hostileFields() throws {
        let attacks = [
            "UPDATE entry SET edit = zeroblob(20000000) WHERE number = 2", "UPDATE entry SET checksum = 1",
            "UPDATE setting SET value = x'00'",
            "UPDATE content SET data = zeroblob(10000000) WHERE id = 1", "UPDATE content SET data = x''", "DELETE FROM content",
            "UPDATE frame SET content = 9223372036854775807", "UPDATE frame SET number = number + 9223372036854770000",
            "UPDATE span SET key = 'x' || id", "DELETE FROM entry WHERE number = 1",
            "UPDATE entry SET number = 9223372036854775807 WHERE number = 7",
            "UPDATE frame SET confidence = 9e999", "UPDATE frame SET present = 7 - present, reason = 99",
            "UPDATE frame SET reason = -9223372036854775808 WHERE number = 3", "UPDATE frame SET checksum = checksum + 1 WHERE number = 4",
            "DELETE FROM span",
            "DELETE FROM setting",
        ]
        for attack in attacks {
            let sample = try SampleProject()
            defer { sample.remove() }
            try sample.make().close()
            try DatabaseQueue(path: sample.path).write { try $0.execute(sql: attack) }
            do {
                let project = try ProjectFile(path: sample.path)
                defer { project.close() }
                #expect(try !project.verify().isEmpty, "\(attack)")
                _ = try? SampleProject.everything(of: project)
                _ = try? project.summaries(of: SampleProject.keys[0], in: 0...30)
                _ = try? project.contents()
                _ = try? project.append(LoggedEdit(number: 8, edit: .undo))
                _ = try? project.save([SampleProject.frame(2)], of: SampleProject.keys[0])
            } catch let error as ProjectFileError {
                guard case .damaged = error else {
                    Issue.record("\(attack): \(error)")
                    continue
                }
            }
        }
    }

    @Test("Results that the log does not speak of go, and the file gets smaller")
    func compacted() throws {
        defer { sample.remove() }
        let project = try sample.make(frames: 200)
        #expect(try project.compact() == 200)
        let (contents, log) = (try project.contents(), try project.loadLog())
        #expect(contents.frames == 200)
        #expect(contents.freeBytes == 0)
        #expect(log == SampleProject.expected().log)
        #expect(try project.frame(199, of: SampleProject.keys[0]) == SampleProject.frame(199))
        #expect(try project.frame(199, of: SampleProject.keys[1]) == nil)
        project.close()
        #expect(sample.contents == ["sample.sampt"])
    }

    @Test("Where the video was moved with the project, it is looked for there first")
    func places() {
        var video = ProjectVideo(
            path: "/a/videos/x.mp4", project: "/a/projects/x.sampt", fingerprint: VideoFingerprint(digest: "00", bytes: 1), frameCount: 1,
            size: SampleProject.size)
        #expect(video.relativePath == "../videos/x.mp4")
        #expect(video.places(project: "/b/projects/x.sampt") == ["/b/projects/../videos/x.mp4", "/a/videos/x.mp4"])
        video.move(to: "/c/x.mp4", project: "/a/projects/x.sampt")
        #expect(video.places(project: "/a/projects/x.sampt") == ["/c/x.mp4"])
    }
}
