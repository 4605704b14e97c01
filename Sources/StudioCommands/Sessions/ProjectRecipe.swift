import Foundation
import Inference
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
            segmenter: settings.segmenter, tracker: settings.tracker, fingerprints: [try segmenter.fingerprint(), try tracker.fingerprint()],
            settings: Dictionary(uniqueKeysWithValues: PresetKey.allCases.map { ($0.rawValue, $0.text(in: settings)) }),
            precision: try options.networks.precisionTexts(), hqTokenOnly: options.segmenter.hqTokenOnly)
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
                throw ProjectFileError.modelsDiffer(path: project, difference: "its setting \(key)=\(text) means nothing to this version of sampt")
            }
        }
        (result.segmenter, result.tracker) = (segmenter, tracker)
        return result
    }

    /// The options that make these models.
    func options(threads: Int?) throws -> ModelOptions {
        var arguments = ["--segmenter", segmenter, "--tracker", tracker]
        if hqTokenOnly { arguments.append("--hq-token-only") }
        for (part, precision) in precision.sorted(by: { $0.key < $1.key }) {
            arguments += part == NetworkOptions.wholeName ? ["--precision", precision] : ["--part-precision", "\(part)=\(precision)"]
        }
        if let threads { arguments += ["--threads", "\(threads)"] }
        return try ModelOptions.parse(arguments)
    }
}
