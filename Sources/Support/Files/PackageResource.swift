import Foundation

/// A file that is shipped with the package.
///
/// SwiftPM's `Bundle.module` stops the program when the folder of resources was left behind, as happens when somebody copies
/// the program alone. This looks in the same places and in two more, and leaves the answer to the caller.
package struct PackageResource: Sendable {
    /// The file's name, with extension.
    package let name: String
    /// The folder that the build makes of the target's resources.
    package let folderName: String

    /// What it is, for a message: "weights nano.safetensors".
    private let title: String
    private let isPlural: Bool

    /// - Parameters:
    ///   - title: what it is, as in "the built-in weights nano.safetensors".
    ///   - target: the package's target that the file is a resource of.
    package init(_ name: String, title: String, isPlural: Bool = false, target: String) {
        (self.name, self.title, self.isPlural) = (name, title, isPlural)
        #if canImport(Darwin)
            folderName = "sam-pt-swift_\(target).bundle"
        #else
            folderName = "sam-pt-swift_\(target).resources"
        #endif
    }

    /// The file.
    /// - Throws: `MissingResource` when it is in none of the places.
    package func locate() throws -> URL {
        guard let url = find() else { throw MissingResource(title: title, isPlural: isPlural, folder: folderName) }
        return url
    }

    /// The file, or nil when it is in none of the places.
    package func find(in places: [URL] = PackageResource.places) -> URL? {
        // Xcode's bundles have inner folders on macOS.
        places.lazy.flatMap { place in
            ["", "Contents/Resources/"].map { place.appendingPathComponent("\(folderName)/\($0)\(name)") }
        }.first { FileManager.default.isReadableFile(atPath: $0.path) }
    }

    /// Where the folder may lie: beside the program, also where a symbolic link to it leads; in `../share/sampt` from there; in an
    /// app's resources; beside a bundle of tests.
    package static var places: [URL] {
        var places = [Bundle.main.bundleURL, Bundle.main.resourceURL].compactMap { $0 }
        #if canImport(Darwin)
            final class Marker {}
            let code = Bundle(for: Marker.self)
            places += [code.resourceURL, code.bundleURL.deletingLastPathComponent()].compactMap { $0 }
        #endif
        if let folder = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent() {
            places += [folder, folder.deletingLastPathComponent().appendingPathComponent("share/sampt")]
        }
        return places
    }
}
