import Foundation
import TestSupport
import Testing

@testable import Support

@Suite("Files are compared by what they are")
struct FileIdentityTests {
    private let folder: URL

    init() throws { folder = try Fixtures.temporaryFolder() }

    private func path(_ name: String) -> String { folder.path + "/" + name }
    private func same(_ a: String, _ b: String) -> Bool { FileIdentity(path(a)) == FileIdentity(path(b)) }

    @Test("A file through other spellings, links and hard links; another one is another")
    func existing() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("a".utf8).write(to: folder.appendingPathComponent("a"))
        try Data("a".utf8).write(to: folder.appendingPathComponent("b"))
        #expect(link(path("a"), path("hard")) == 0)
        #expect(symlink("a", path("soft")) == 0)
        #expect(symlink(path("soft"), path("softer")) == 0)
        for name in ["./a", "../\(folder.lastPathComponent)/a", "hard", "soft", "softer", "/a"] { #expect(same("a", name), "\(name)") }
        #expect(!same("a", "b"))
        #expect(FileIdentity(path("a")).exists)
    }

    @Test("A file that is not there yet")
    func missing() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(symlink("new", path("dangling")) == 0)
        #expect(symlink(".", path("here")) == 0)
        for name in ["./new", "here/new", "dangling", "here/dangling"] { #expect(same("new", name), "\(name)") }
        #expect(!same("new", "newer"))
        #expect(!FileIdentity(path("new")).exists)
        // Below folders that are not there either.
        #expect(same("x/y/z", "here/x/./y//z"))
        #expect(same("x/y/z", "x/w/../y/z"))
        #expect(!same("x/y/z", "x/z/y"))
        #expect(FileIdentity(path("x/y/z")).missingFolders == [FileIdentity(path("x/y")), FileIdentity(path("x"))])
    }

    @Test("Names that Swift calls equal are two files on Linux")
    func composition() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (composed, decomposed) = ("\u{e9}", "e\u{301}")
        #expect(composed == decomposed)
        #if os(Linux)
            #expect(!same(composed, decomposed))
        #endif
        // An accent after a slash makes one character of the two.
        #expect(PathParts("a/\u{338}b").name == "\u{338}b")
    }

    @Test("Links in a circle and endless paths come to an end")
    func hostile() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(symlink("two", path("one")) == 0)
        #expect(symlink("one", path("two")) == 0)
        _ = FileIdentity(path("one"))
        #expect(throws: FileError.unwritable(path: path("one"), reason: "too many levels of symbolic links")) {
            try PartFile(for: path("one"))
        }
        let endless = String(repeating: "a/", count: 100_000)
        #expect(FileIdentity(endless) == FileIdentity(endless))
        #expect(FileIdentity("") == FileIdentity(""))
    }
}
