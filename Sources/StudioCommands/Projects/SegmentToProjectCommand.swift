import ArgumentParser
import Foundation
import Media
import ProjectFile
import SAMPT
import SamptCommands
import SegmentationJobs
import Support

/// `sampt segment --project`: a run that is kept.
struct SegmentToProjectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "segment", abstract: SegmentCommand.configuration.abstract, discussion: SegmentCommand.configuration.discussion)

    @OptionGroup var command: SegmentCommand

    func run() async throws {
        guard let path = command.project else { return try await command.run() }
        try await withExitStatus {
            let request = try command.request()
            let project = try OpenProject(
                making: path, recipe: ProjectRecipe(models: request.models, settings: request.settings), clip: request.clip,
                video: request.video, segmenter: request.makeSegmenter())
            defer { project.close() }
            do {
                for edit in try request.queries.flatMap(Edit.marking) { try await project.session.apply(edit) }
            } catch {
                // Nothing that anybody could go on from.
                project.close()
                unlink(path)
                throw error
            }
            let isBothWays = project.isTrackedBackward
            let job = SegmentationJob(
                results: SessionFrames.results(of: project, after: Propagation(direction: isBothWays ? .both : .forward)),
                clip: request.clip,
                queries: request.queries, destinations: request.destinations, reviewed: request.reviewed)
            return try await command.finish(job, noting: path)
        }
    }
}

extension Edit {
    /// What a person would do to mark an object as a query does.
    static func marking(_ query: ObjectQuery) throws -> [Edit] {
        let place = AnchorPlace(object: query.id, frame: query.frame)
        let object = Edit.addObject(object: query.id, name: query.name)
        switch query.prompt {
        case .points(let points):
            return [object] + points.map { .addPoint(place, point: nil, position: $0.position, isPositive: $0.isPositive) }
        case .box(let box): return [object, .setBox(place, box)]
        case .mask(let mask): return [object, .setMask(place, RunLengthMask(mask))]
        }
    }
}
