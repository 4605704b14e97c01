import Foundation
import TestSupport
import Testing

@testable import Support

@Suite("What is in a folder")
struct FolderListingTests {
    @Test("Of a folder's names, only those that are UTF-8 can be frames")
    func listing() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["b.PNG", "a.jpg", ".hidden.png", "notes.txt"] { try Data().write(to: folder.appendingPathComponent(name)) }
        let strange = Array(folder.path.utf8) + [UInt8(ascii: "/"), 0xff]
        func make(_ ending: String) {
            close(open((strange + Array(ending.utf8) + [0]).map { CChar(bitPattern: $0) }, O_CREAT | O_WRONLY, 0o600))
        }
        make(".txt")
        #expect(try FolderListing.names(folder.path, pathExtensions: ["png", "jpg"]).sorted() == ["a.jpg", "b.PNG"])
        #if os(Linux)
            make(".png")
            let error = #expect(throws: FileError.self) { try FolderListing.names(folder.path, pathExtensions: ["png"]) }
            #expect("\(try #require(error))".contains("is not UTF-8"))
        #endif
    }
}
