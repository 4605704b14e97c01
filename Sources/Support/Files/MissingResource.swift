/// A file shipped with the package is in none of the places where `folder`, which the build makes, may lie.
public struct MissingResource: Error, Sendable, Equatable {
    /// What it is: "weights nano.safetensors".
    public var title: String
    /// Whether `title` is a plural.
    public var isPlural: Bool
    public var folder: String
}

extension MissingResource: DescribedError {
    public var description: String {
        """
        The built-in \(title) \(isPlural ? "were" : "was") not found. \(isPlural ? "Their" : "Its") folder \(folder) must lie beside the program, \
        where the build puts it, or in ../share/sampt from there: copy it together with the program.
        """
    }
}
