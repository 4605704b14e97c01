import Foundation
import Inference
import InferenceOpenVINO
import Media
import MethodPresets
import ProjectFile
import SAMPT
import SamptCommands
import SegmentationJobs
import Support

/// Models and settings as options name them, as a project keeps them.
struct ProjectRecipe {
    var models: ProjectModels

    /// - Throws: errors of models that are not there.
    init(models options: ModelOptions, settings: MethodSettings) throws {
        let segmenter = try options.segmenter.choice(settings.segmenter)
        let tracker = try options.tracker.choice(settings.tracker)
        try ModelChoice.checkPresence([segmenter, tracker])
        var settings = settings
        settings.segmenter = Self.lasting(settings.segmenter, segmenter)
        settings.tracker = Self.lasting(settings.tracker, tracker)
        models = ProjectModels(
            segmenter: settings.segmenter, tracker: settings.tracker,
            fingerprints: [try segmenter.fingerprint(), try tracker.fingerprint()],
            settings: Dictionary(uniqueKeysWithValues: PresetKey.allCases.map { ($0.rawValue, $0.text(in: settings)) }),
            precision: options.networks.precision.rawValue,
            partPrecisions: Dictionary(
                uniqueKeysWithValues: try options.networks.precisions().map { ($0.key.rawValue, $0.value.rawValue) }),
            hqTokenOnly: options.segmenter.hqTokenOnly)
    }

    /// The program may be started from elsewhere next time.
    private static func lasting(_ name: String, _ choice: ModelChoice) -> String {
        if case .file(let path) = choice { URL(fileURLWithPath: path).standardizedFileURL.path } else { name }
    }

    func make(at path: String, clip: Clip, video: String) throws -> ProjectFile {
        let details = ProjectDetails(
            video: ProjectVideo(
                path: video, project: path, fingerprint: try VideoFingerprint(of: video), frameCount: clip.frames.frameCount,
                size: clip.frames.size), models: models, program: "sampt \(ProgramVersion.current)")
        return try ProjectFile.create(at: path, details: details)
    }
}

extension ProjectModels {
    /// The settings of the method.
    /// - Throws: `ProjectFileError.modelsDiffer` for one that this version does not know.
    func methodSettings(project: String) throws -> MethodSettings {
        var result = MethodSettings()
        for (key, text) in settings.sorted(by: { $0.key < $1.key }) {
            do {
                try result.apply(PresetSetting(key, text, source: .option("the project's setting")))
            } catch {
                throw ProjectFileError.modelsDiffer(
                    path: project, difference: "its setting \(key)=\(text) means nothing to this version of sampt")
            }
        }
        (result.segmenter, result.tracker) = (segmenter, tracker)
        return result
    }

    /// The models themselves.
    /// - Parameters:
    ///   - threads: for the networks; nil: all cores.
    ///   - frame: the frames' size.
    func segmenter(project: String, threads: Int?, frame: ImageSize) throws -> VideoSegmenter {
        let settings = try methodSettings(project: project)
        let choices = (try ModelChoice.segmenter(segmenter), try ModelChoice.tracker(tracker))
        try ModelChoice.checkPresence([choices.0, choices.1])
        for (index, choice) in [choices.0, choices.1].enumerated() {
            let (found, made) = (try choice.fingerprint(), fingerprints.indices.contains(index) ? fingerprints[index] : "")
            // Those of another version of the program give results of their own (`identity`), beside the ones that there are.
            let areBuiltIn = [found, made].allSatisfy { $0.hasPrefix(ModelChoice.builtInFingerprint) }
            guard found == made || areBuiltIn else {
                let name = index == 0 ? segmenter : tracker
                throw ProjectFileError.modelsDiffer(path: project, difference: "the model \(name) is not the one that it was made with")
            }
        }
        let parts = partPrecisions.compactMap { key, value in
            ModelPart(rawValue: key).flatMap { part in Precision(rawValue: value).map { (part, $0) } }
        }
        let maker = ModelMaker(
            engine: { try OpenVINOEngine(.init(threads: threads)) }, precision: Precision(rawValue: precision) ?? .automatic,
            partPrecisions: Dictionary(uniqueKeysWithValues: parts), hqTokenOnly: hqTokenOnly)
        let models = try maker.models(segmenter: choices.0, tracker: choices.1, frame: frame)
        return VideoSegmenter(segmenter: models.segmenter, tracker: models.tracker, options: settings.options(for: models.segmenter))
    }

    /// The settings without the models, to look and to edit.
    /// - Parameter reason: why they are not there.
    func segmenter(missing reason: String, project: String) throws -> VideoSegmenter {
        VideoSegmenter(missing: reason, options: try methodSettings(project: project).options(for: MissingModels(reason: reason)))
    }

    /// Tells apart what gives other numbers, for the keys of results: weights, arithmetic, and how the processor does it.
    func identity() throws -> String {
        let found = try [ModelChoice.segmenter(segmenter), ModelChoice.tracker(tracker)].map { try $0.fingerprint() }
        let parts = partPrecisions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return (found + [precision] + parts + (hqTokenOnly ? ["hq-token-only"] : []) + [OpenVINOEngine.arithmetic]).joined(separator: "|")
    }
}
