import Support

/// What can go wrong inside a segmenter.
public enum SegmenterError: Error, Sendable, Equatable {
    /// A file shipped with the package is in none of the places where `folder`, which the build makes, may lie.
    case missingResource(String, folder: String)
    case missingOutput(String)
    case noPrediction
    case unknownCheckpoint(file: String, reason: String)
}

extension SegmenterError: DescribedError {
    public var description: String {
        switch self {
        case .missingResource(let name, let folder):
            """
            The built-in weights \(name) were not found. Their folder \(folder) must lie beside the program, where the build puts it, \
            or in ../share/sampt from there: copy it together with the program.
            """
        case .missingOutput(let name): "The network returned no output \"\(name)\"."
        case .noPrediction: "The segmenter returned no mask."
        case .unknownCheckpoint(let file, let reason):
            "\(file): is no checkpoint of a known segmenter: \(reason). SAM, HQ-SAM, MobileSAM and Light HQ-SAM are supported."
        }
    }
}
