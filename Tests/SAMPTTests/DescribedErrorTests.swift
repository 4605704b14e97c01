import Foundation
import Inference
import Media
import MethodPresets
import NeuralGraph
import PointTrackers
import SAMPT
import Segmenters
import Support
import TensorFiles
import Testing

/// Whoever shows `localizedDescription` shows the sentence, and not the name of a type.
@Test(
    arguments: [
        FileError.notFound(path: "clip.mp4"), RunLengthError.sum(found: 3, expected: 4), QueryError.noObjects,
        LiveError.trackerLooksAhead(name: "tapir"), PresetError.conflict("horizon must be at least 2."), SegmenterError.noPrediction,
        TrackerError.missingOutput("map"), TensorFileError.missingTensor(file: "sam.pth", tensor: "w"),
        ONNXFileError.malformed(reason: "it has no graph"),
    ] as [any Error & CustomStringConvertible])
func errorsSayWhatIsWrong(error: any Error & CustomStringConvertible) {
    #expect(error.localizedDescription == error.description)
    #expect(error.description.count > 12)
}
