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
            #expect(try project.verify().isEmpty)
            project.close()
            #expect(try ProjectHeader(path: sample.path).version == (access == .writing ? ProjectSchema.current : form))
            try FileManager.default.removeItem(atPath: sample.path)
        }
    }
}
