/// What can go wrong inside a segmenter.
public enum SegmenterError: Error, Sendable, Equatable {
    case missingResource(String)
    case missingOutput(String)
    case noPrediction
    case unknownCheckpoint(file: String, reason: String)
}

extension SegmenterError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missingResource(let name): "The built-in weights \(name) are missing from the resources that must lie beside the program."
        case .missingOutput(let name): "The network returned no output \"\(name)\"."
        case .noPrediction: "The segmenter returned no mask."
        case .unknownCheckpoint(let file, let reason):
            "\(file): is no checkpoint of a known segmenter: \(reason). SAM, HQ-SAM, MobileSAM and Light HQ-SAM are supported."
        }
    }
}
