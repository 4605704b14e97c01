import Foundation
import MaskFormats
import Media
import Support

/// Masks from one format into another.
package struct ConversionJob: Sendable {
    package var input: (format: MaskFormat, path: String)
    package var output: (format: MaskFormat, path: String)
    /// The video that the masks belong to, for formats that show it or have times.
    package var video: String?
    package var options: MaskFormatOptions

    package init(
        input: (format: MaskFormat, path: String), output: (format: MaskFormat, path: String), video: String?, options: MaskFormatOptions
    ) {
        (self.input, self.output, self.video, self.options) = (input, output, video, options)
    }

    package struct Summary: Sendable {
        package var frames: Int
        package var objects: Int
        package var notes: [String]
        package var isInterrupted: Bool
    }

    /// Refuses an output that would take the place of what is read.
    /// - Throws: `CommandError.usage`, `FileError.unwritable`.
    package func check() throws {
        var claims = FileClaims()
        claims.read(input.path, as: "the input")
        if let video { claims.read(video, as: "the video") }
        let destination = try ExportDestination(output.format.name + ":" + output.path)
        try destination.claim(in: &claims, by: "the output")
        try destination.checkWritable()
    }

    /// Reads frame by frame and writes each before the next; on an interruption what is done so far is kept. Where the input is damaged
    /// nothing is.
    /// - Throws: `MaskFormatError`, `FileError`, `MediaError`.
    package func run(interruption: Interruption, progress: any JobProgress) async throws -> Summary {
        let work = Task { try await onThread { try convert(progress) } }
        interruption.onRequest { work.cancel() }
        defer { progress.close() }
        return try await work.value
    }

    private func convert(_ progress: any JobProgress) throws -> Summary {
        let reader = try input.format.reader(at: input.path, options: options)
        let frames = try video.map(openFrames)
        var clip = reader.clip
        if let frames {
            guard frames.size == clip.size else {
                throw CommandError.invalidInput("\(frames.name) has frames of \(frames.size), the masks are \(clip.size).")
            }
            (clip.name, clip.pixelAspect, clip.timeBase) = (frames.name, frames.pixelAspect, frames.timing.timeBase)
            // Sound goes with a video whose frames are all there.
            let isWhole = reader.frameNumbers.elementsEqual(0..<frames.frameCount)
            clip.sound = isWhole ? (frames as? VideoReader)?.sound(from: 0) : nil
        }
        let writer = try output.format.writer(at: output.path, clip: clip, options: options)
        var (done, objects, isInterrupted) = (0, Set<Int>(), false)
        do {
            try reader.copy(
                to: writer,
                prepare: { frame in
                    objects.formUnion(frame.objects.map(\.object.id))
                    if let frames { try complete(&frame, from: frames) }
                },
                progress: { count, total in
                    done = count
                    progress.show(isLast: count == total) { "\(count) of \(total) frames" }
                })
        } catch is CancellationError {
            isInterrupted = true
        }
        try writer.finish(isComplete: !isInterrupted)
        var notes = reader.notes + writer.notes
        // Masks of every fifth frame are as good as any; those of another video of that size look like them.
        if let frames, !isInterrupted, reader.frameNumbers.count < frames.frameCount {
            notes.append(
                "\(frames.name) has \(frames.frameCount) frames, and \(input.path) has masks for \(reader.frameNumbers.count) of them.")
        }
        return Summary(frames: done, objects: objects.count, notes: notes, isInterrupted: isInterrupted)
    }

    private func complete(_ frame: inout MaskFrame, from frames: any FrameSource) throws {
        guard frame.number < frames.frameCount else {
            throw CommandError.invalidInput(
                "\(input.path): has masks for frame \(frame.number); \(frames.name) has \(frames.frameCount) frames, from 0 on.")
        }
        frame.timestamp = frames.timing.timestamps[frame.number]
        frame.seconds = frames.timing.seconds(frame.number)
        if output.format.needsPictures { frame.picture = try frames.frame(at: frame.number) }
    }
}
