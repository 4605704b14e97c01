import Foundation
import GRDB
import SAMPT
import TestSupport
import Testing

@testable import ProjectFile

@Suite("Projects of every form that there was are opened and brought to the current one")
struct ProjectFormTests {
    /// `form-N.sampt` for every form N, written by the version that had it, with what `SampleProject` fills in. A new form adds a file:
    /// `SAMPT_WRITE_FORM=FOLDER` has this suite write one.
    private static var folder: URL {
        Fixtures.packageRoot.appendingPathComponent("Tests/ProjectFileTests/Resources/forms")
    }

    @Test("Each gives the log and the frames that were put into it, for writing and for reading", arguments: 1...ProjectSchema.current)
    func opened(form: Int) throws {
        let sample = try SampleProject()
        defer { sample.remove() }
        if form == ProjectSchema.current, let target = ProcessInfo.processInfo.environment["SAMPT_WRITE_FORM"] {
            try sample.make().close()
            try FileManager.default.moveItem(atPath: sample.path, toPath: "\(target)/form-\(form).sampt")
        }
        let original = Self.folder.appendingPathComponent("form-\(form).sampt").path
        for access in [ProjectAccess.reading, .writing] {
            try FileManager.default.copyItem(atPath: original, toPath: sample.path)
            let project = try ProjectFile(path: sample.path, access: access)
            let (found, expected) = (try SampleProject.everything(of: project), SampleProject.expected())
            #expect(found.log == expected.log)
            #expect(found.frames == expected.frames)
            #expect(project.details == SampleProject.details)
            for key in SampleProject.keys {
                // Confidence and reason are those of the version that wrote them.
                let summaries = try project.summaries(of: key, in: 0...100)
                #expect(summaries.map(\.index) == Array(0..<20))
                #expect(summaries.map(\.isPresent) == (0..<20).map { SampleProject.frame($0).summary.isPresent })
                #expect(summaries.allSatisfy { (0...1).contains($0.confidence ?? -1) })
            }
            #expect(try project.verify().isEmpty)
            project.close()
            #expect(try ProjectHeader(path: sample.path).version == (access == .writing ? ProjectSchema.current : form))
            try FileManager.default.removeItem(atPath: sample.path)
        }
    }

    @Test("Form 2: what frames say is filled in from their contents, damaged ones apart, and verified")
    func summaries() throws {
        let sample = try SampleProject()
        defer { sample.remove() }
        try FileManager.default.copyItem(at: Self.folder.appendingPathComponent("form-1.sampt"), to: URL(fileURLWithPath: sample.path))
        let key = SampleProject.keys[0]
        let queue = try DatabaseQueue(path: sample.path)
        try queue.write { db in
            let id = try Int.fetchOne(db, sql: "SELECT id FROM span WHERE key = ?", arguments: [key.description])
            for index in 100..<300 {
                let frame = SampleProject.variedFrame(index)
                let data = index == 150 ? Data([1, 2, 3]) : frame.data
                try db.execute(sql: "INSERT INTO content (data) VALUES (?)", arguments: [data])
                try db.execute(
                    sql: "INSERT INTO frame (span, number, confidence, content, checksum) VALUES (?, ?, ?, ?, ?)",
                    arguments: [
                        id, index, frame.confidence.map { Double($0) }, db.lastInsertedRowID,
                        ProjectFile.checksum(frame.data, of: key, frame: index),
                    ])
            }
        }
        try queue.close()
        let project = try ProjectFile(path: sample.path)
        defer { project.close() }
        let found = try project.summaries(of: key, in: 100...400)
        #expect(found.count == 200)
        for summary in found where summary.index != 150 { #expect(summary == SampleProject.variedFrame(summary.index).summary) }
        #expect(try project.verify().map(\.kind) == [.frame])
    }
}
