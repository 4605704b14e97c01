import Foundation
import Media
import Support

/// A folder of masks on disk, truth or results: a folder a sequence, in it index PNGs (DAVIS and those after it), or a folder an object
/// with a binary PNG a frame (SA-V).
public struct MaskFolder: Sendable {
    /// How the masks of a sequence lie in its folder.
    public enum Layout: Sendable, Equatable {
        /// `<sequence>/<frame>.png`, ids as pixels.
        case index
        /// `<sequence>/<object>/<frame>.png`, everything above 0 is the object. The folder of each object, by id.
        case perObject([Int: String])
    }

    public struct Sequence: Sendable {
        public let name: String
        let path: String
        public let layout: Layout
        /// The frames' names without extension, in order of their code points, as the reference programs sort them.
        public let frames: [String]
        /// With a folder an object, the frames that each has.
        let framesOfObjects: [Int: Set<String>]
        /// Folders in it that do not count: those without a mask where each object has a folder, those with masks beside index PNGs.
        let leftOut: [String]

        /// Whether there is a mask of a frame.
        func has(_ frame: String) -> Bool { known.contains(frame) }
        private let known: Set<String>

        init(
            name: String, path: String, layout: Layout, frames: [String], framesOfObjects: [Int: Set<String>] = [:], leftOut: [String] = []
        ) {
            (self.name, self.path, self.layout, self.frames) = (name, path, layout, frames)
            (self.framesOfObjects, self.leftOut) = (framesOfObjects, leftOut)
            known = Set(frames)
        }
    }

    /// Where the sequences lie; below the folder that was given where they do not lie in it.
    public let path: String
    public let sequences: [String: Sequence]
    public var names: [String] { sequences.keys.sorted() }
    /// Folders without a mask in them.
    public let empty: [String]

    /// - Throws: `MediaError` for a folder that is absent or unreadable; `ScoringError.noSequences`.
    public init(_ folder: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else { throw FileError.notFound(path: folder) }
        guard isFolder.boolValue else { throw FileError.unreadable(path: folder, reason: "it is not a folder") }
        let root = try Self.root(of: folder)
        var found: [String: Sequence] = [:]
        var empty: [String] = []
        if try Self.stems(root).isEmpty {
            for name in try FolderListing.folders(root) {
                if let sequence = try Self.sequence(name, at: root + "/" + name) { found[name] = sequence } else { empty.append(name) }
            }
        } else if let single = try Self.sequence(PathParts(root).name, at: root) {
            found[single.name] = single
        }
        guard !found.isEmpty else { throw ScoringError.noSequences(folder) }
        (path, sequences, self.empty) = (root, found, empty)
    }

    /// Data sets keep their masks in `Annotations`, DAVIS below that by resolution.
    private static func root(of folder: String) throws -> String {
        var root = folder
        for name in ["Annotations", "480p"] where try FolderListing.folders(root).contains(name) { root += "/" + name }
        return root
    }

    /// Nil: there is no mask in it, or no such folder.
    static func sequence(_ name: String, at path: String) throws -> Sequence? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let frames = try stems(path)
        guard frames.isEmpty else {
            return Sequence(name: name, path: path, layout: .index, frames: frames, leftOut: try maskFolders(besidePNGsIn: path))
        }
        let folders = try FolderListing.folders(path)
        var objects: [Int: (folder: String, frames: [String])] = [:]
        var empty: [String] = []
        var next = (folders.compactMap(Int.init).max() ?? 0) + 1
        for folder in folders {
            let stems = try stems(path + "/" + folder)
            guard !stems.isEmpty else {
                empty.append(folder)
                continue
            }
            var id = Int(folder) ?? -1
            if id < 0 || objects[id] != nil { (id, next) = (next, next + 1) }
            objects[id] = (folder, stems)
        }
        guard !objects.isEmpty else { return nil }
        return Sequence(
            name: name, path: path, layout: .perObject(objects.mapValues(\.folder)),
            frames: Set(objects.values.flatMap(\.frames)).sorted(by: codePointOrder), framesOfObjects: objects.mapValues { Set($0.frames) },
            leftOut: empty)
    }

    /// Looks at what is no PNG by its name alone, since there are thousands of those.
    private static func maskFolders(besidePNGsIn path: String) throws -> [String] {
        let others = try FolderListing.names(path).contains { !($0?.lowercased().hasSuffix(".png") ?? true) && $0?.first != "." }
        return others ? try FolderListing.folders(path).filter { try !stems(path + "/" + $0).isEmpty } : []
    }

    private static func stems(_ path: String) throws -> [String] {
        try FolderListing.names(path, pathExtensions: ["png"]).map { String($0.dropLast(4)) }.sorted(by: codePointOrder)
    }

    static func codePointOrder(_ a: String, _ b: String) -> Bool { a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars) }
}

extension MaskFolder.Sequence {
    /// The file of a frame, of one object where each has its own.
    func file(_ frame: String, object: Int? = nil) -> String {
        if case .perObject(let folders) = layout, let object, let folder = folders[object] { return "\(path)/\(folder)/\(frame).png" }
        return "\(path)/\(frame).png"
    }

    /// What an object is called in the folders.
    func label(of object: Int) -> String {
        if case .perObject(let folders) = layout, let folder = folders[object] { return folder }
        return String(object)
    }

    /// The objects of a frame.
    /// - Throws: `MediaError`, also for objects whose masks have different sizes.
    func planes(_ frame: String) throws -> ObjectPlanes {
        guard case .perObject(let folders) = layout else { return ObjectPlanes(try ImageFile.readLabels(file(frame))) }
        var planes: ObjectPlanes?
        for object in folders.keys.sorted() where framesOfObjects[object]?.contains(frame) == true {
            let path = file(frame, object: object)
            var one = ObjectPlanes(try ImageFile.readLabels(path))
            if let size = planes?.size, size != one.size { throw MediaError.frameSizeDiffers(path: path, expected: size, found: one.size) }
            one.merge(as: object)
            if planes == nil { planes = ObjectPlanes(size: one.size) }
            planes?.masks[object] = one.masks[object]
        }
        guard let planes else { throw FileError.notFound(path: file(frame)) }
        return planes
    }
}

extension MaskFolder.Sequence {
    /// Frames that another sequence, of the truth, does not have.
    /// - Parameter expectsBetween: where the truth has every n-th frame, leaves out those between two of its frames, or less than such a
    ///   step before the first or after the last one; where its steps differ, those between any two.
    func surplusFrames(beside truth: MaskFolder.Sequence, expectsBetween: Bool) -> [String] {
        let surplus = frames.filter { !truth.has($0) }
        guard expectsBetween, !surplus.isEmpty else { return surplus }
        func number(_ frame: String) -> Int? {
            frame.utf8.allSatisfy { (0x30...0x39).contains($0) } && frame.utf8.count <= 12 ? Int(frame) : nil
        }
        let numbers = truth.frames.compactMap(number).sorted()
        guard numbers.count == truth.frames.count, let first = numbers.first, let last = numbers.last else { return surplus }
        // "5" and "05" are two frames of one number.
        let steps = zip(numbers, numbers.dropFirst()).map { $1 - $0 }.filter { $0 > 0 }
        let counts = Dictionary(grouping: steps, by: { $0 }).mapValues(\.count)
        let usual = counts.first { 2 * $0.value > steps.count }?.key
        let reach = usual ?? steps.max() ?? .max / 2
        return surplus.filter { frame in
            guard let number = number(frame) else { return true }
            guard number > first - reach, number < last + reach else { return true }
            // One that belongs to the truth's steps is missing there.
            return usual.map { (number - first) % $0 == 0 } ?? false
        }
    }

    /// The same sequence with the ids that the truth's objects have: where each has a folder, those of one name belong together.
    func aligned(with truth: MaskFolder.Sequence) -> MaskFolder.Sequence {
        guard case .perObject(let own) = layout, case .perObject(let theirs) = truth.layout else { return self }
        let ids = Dictionary(theirs.map { ($1, $0) }) { first, _ in first }
        var next = max(own.keys.max() ?? 0, theirs.keys.max() ?? 0) + 1
        var (folders, frames): ([Int: String], [Int: Set<String>]) = ([:], [:])
        for (id, folder) in own.sorted(by: { $0.key < $1.key }) {
            // A number means the same however it is written ("7", "007"); other names mean nothing but themselves.
            let isNumber = Int(folder) == id && theirs[id].map { Int($0) == id } ?? true
            var known = ids[folder] ?? (isNumber ? id : nil) ?? next
            if folders[known] != nil { known = next }
            if known == next { next += 1 }
            (folders[known], frames[known]) = (folder, framesOfObjects[id])
        }
        return MaskFolder.Sequence(
            name: name, path: path, layout: .perObject(folders), frames: self.frames, framesOfObjects: frames, leftOut: leftOut)
    }
}

/// Why folders of masks cannot be scored at all.
public enum ScoringError: Error, Sendable, Equatable {
    case noSequences(String)
    /// No sequence is in both folders: examples of what is in each.
    case noCorrespondence(truth: String, truthNames: [String], results: String, resultNames: [String])
    /// The official program refuses a predicted id that the truth does not have.
    case surplusObject(sequence: String, frame: String, id: Int)
    /// The official program sees no object in a truth of 0 and 255.
    case binaryTruth(sequence: String)
    case invalidMeta(path: String, reason: String)
    /// With `--strict`: everything that does not fit.
    case doesNotFit([ScoringFinding])
}

extension ScoringError: DescribedError {
    public var description: String {
        func list(_ names: [String]) -> String { names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", ..." : "") }
        switch self {
        case .noSequences(let path):
            return "\(path): holds no masks. Sequences are folders of PNG files, or of a folder of PNG files for each object."
        case .noCorrespondence(let truth, let truthNames, let results, let resultNames):
            return
                "\(truth) and \(results) have no sequence in common: the truth has \(list(truthNames)), the results have \(list(resultNames)). Give the folders that hold the sequences' folders."
        case .surplusObject(let sequence, let frame, let id):
            return
                "\(sequence): frame \(frame) of the results has an object \(id) that the truth does not have, which the official program refuses."
                + (id == SequenceComparison.void ? " Masks of 0 and 255 are scored by the protocols davis and davis2016." : "")
        case .binaryTruth(let sequence):
            return
                "\(sequence): the truth is 0 and 255, in which the official program sees no object. Use the protocol davis or davis2016, which take both as one object."
        case .invalidMeta(let path, let reason): return "\(path): is not the data set's description: \(reason)."
        case .doesNotFit(let findings):
            let others = findings.count > 1 ? " So do \(findings.count - 1) more findings." : ""
            return "Truth and results do not fit together, which --strict refuses. \(findings.first?.description ?? "")\(others)"
        }
    }
}
