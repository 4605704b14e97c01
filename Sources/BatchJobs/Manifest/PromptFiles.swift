import Foundation

/// The files that prompts name: masks.
enum PromptFiles {
    /// Prompts with absolute paths.
    static func absolute(_ prompts: JSONValue, in folder: String) -> JSONValue {
        mapping(prompts) { AbsolutePath.of($0, in: folder) }
    }

    /// Prompts with names in place of paths.
    static func withoutFolders(_ prompts: JSONValue) -> JSONValue {
        mapping(prompts) { ($0 as NSString).lastPathComponent }
    }

    /// The paths in prompts.
    static func paths(in prompts: JSONValue) -> [String] {
        var paths: [String] = []
        _ = mapping(prompts) { path in
            if !paths.contains(path) { paths.append(path) }
            return path
        }
        return paths
    }

    /// The paths that a prompts file names, absolute. A file that is no JSON is one of query points, which names none.
    /// - Throws: `BatchError.unreadable`.
    static func paths(inFile path: String) throws -> [String] {
        var text = Data()
        try FilePieces.forEach(of: path, limit: 64 << 20) { text.append(contentsOf: $0) }
        guard !JSONLine.isTooDeep(text), let prompts = try? JSONDecoder().decode(JSONValue.self, from: text) else { return [] }
        return paths(in: absolute(prompts, in: ManifestReader.folder(of: path)))
    }

    private static func mapping(_ prompts: JSONValue, _ change: (String) -> String) -> JSONValue {
        guard case .object(var fields) = prompts, case .list(let objects)? = fields["objects"] else { return prompts }
        fields["objects"] = .list(
            objects.map { object in
                guard case .object(var fields) = object else { return object }
                switch fields["mask"] {
                case .string(let path): fields["mask"] = .string(change(path))
                case .object(var mask):
                    if case .string(let path)? = mask["file"] { mask["file"] = .string(change(path)) }
                    fields["mask"] = .object(mask)
                default: break
                }
                return .object(fields)
            })
        return .object(fields)
    }
}
