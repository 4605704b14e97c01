import Foundation
import Media
import MethodPresets
import ModelStore
import SAMPT
import Support

extension FileClaims {
    /// Everything that is read by a command that segments or tracks.
    /// - Parameters:
    ///   - promptFiles: that objects come from.
    ///   - preset: the name or file of one.
    ///   - models: segmenter and tracker, by name or file.
    package init(
        clip: Clip? = nil, promptFiles: [String] = [], objects: [MarkedObject] = [], preset: String?, segmenter: String? = nil,
        tracker: String? = nil
    ) throws {
        self.init()
        if let clip {
            for (index, path) in clip.inputs.enumerated() { read(path, as: index == 0 ? "the video" : "a frame of the video") }
        }
        for path in promptFiles { read(path, as: "the file of prompts") }
        for object in objects {
            if let mask = object.mask { read(mask.path, as: "the mask of \(object.title)") }
        }
        // What is no file (a pipe) cannot be read a second time, and cannot be lost.
        if let preset, BuiltInPresets.names.contains(preset) || FileIdentity(file: preset) != nil {
            for path in try Preset.load(preset).files { read(path, as: "a preset") }
        }
        // Names that are not known are told of where the models are made, with the option or setting that they come from.
        let choices = [tracker.flatMap { try? ModelChoice.tracker($0) }, segmenter.flatMap { try? ModelChoice.segmenter($0) }]
        for path in choices.compactMap({ $0?.files }).joined() { read(path, as: "a model") }
    }
}

extension ModelChoice {
    /// The checkpoints that it may read, as far as they are there.
    fileprivate var files: [String] {
        switch self {
        case .builtIn: return []
        case .published(let name): return [name, ModelChoice.detector].compactMap { try? ModelStore().locate($0).path }
        case .file(let path): return [path] + detectorFiles
        }
    }
}
