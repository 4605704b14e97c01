import Media
import Support

extension Error {
    /// Whether an input or output was refused in words, as a file or for what is in it.
    var isRefusal: Bool { self is FileError || self is MediaError }
}
