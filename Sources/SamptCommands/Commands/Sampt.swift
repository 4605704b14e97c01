import ArgumentParser

@main
struct Sampt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sampt",
        abstract: "Segment objects in videos from a few clicks.",
        discussion: """
            Mark an object in one frame with points, a box or a mask; its points are tracked through the video and prompt a segmenter \
            in every frame (SAM-PT). Works at once with small built-in models.

              sampt segment rabbit.mp4 --point 1:640,360 --overlay out.mp4
              sampt image photo.jpg --point 320,240 --mask-output mask.png
              sampt track rabbit.mp4 --point 640,360 --draw tracks.mp4

            Exit codes: 0 success, 3 partial result (the video is damaged; what decodes was segmented), 64 wrong arguments, \
            65 an input's contents are unusable, 66 an input is missing or unreadable, 73 an output cannot be written, \
            130 interrupted (finished frames were kept), 1 anything else.
            """,
        version: "0.1.0",
        subcommands: [EvaluateCommand.self])
}
