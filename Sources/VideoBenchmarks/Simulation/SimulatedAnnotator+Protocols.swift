import SAMPT

extension SimulatedAnnotator {
    /// SAM-PT's protocol: frame after frame gets interactions until its J is good enough, the frame's share is used up, or the budget is.
    ///
    /// Online there is one pass over the video, otherwise one for each of the thresholds. Without tracking a click has no effect on other
    /// frames; there "otherwise" means that every frame gets its first click before one gets its second.
    mutating func correctFrameByFrame() async throws -> [SimulationPass] {
        let perFrame = options.perFrame
        var left = options.budget ?? (options.tracks ? 300 : perFrame * task.frames.count)
        let passes: [(threshold: Double, clicks: Int)] =
            options.isOnline
            ? [(options.target, perFrame)]
            : options.tracks
                ? options.passes.map { ($0, perFrame) }
                : [(threshold: Double, clicks: Int)](repeating: (options.target, 1), count: perFrame)
        var done: [SimulationPass] = []
        for pass in passes {
            for frame in measured.measured {
                var used = 0
                while left > 0, used < pass.clicks, measured.j[frame] < pass.threshold {
                    guard try await interact(at: frame, left: left, threshold: pass.threshold, propagating: true) else { break }
                    left -= 1
                    used += 1
                }
                if used > 0 { try await leave(frame) }
                guard left > 0 else { return done + [SimulationPass(threshold: pass.threshold, reached: now)] }
            }
            done.append(SimulationPass(threshold: pass.threshold, reached: now))
        }
        return done
    }

    /// SAM 2's offline protocol: the frame with the lowest J that has not been prompted yet gets clicks, and all is propagated again.
    /// - Returns: after each prompted frame, how good the video is. It ends early where every other frame is perfect.
    mutating func promptWorstFrames() async throws -> [SimulationPoint] {
        var (prompted, reached) = (Set<Int>(), [SimulationPoint]())
        while prompted.count < options.promptedFrames {
            let next =
                prompted.isEmpty
                ? measured.measured.first : measured.measured.filter { !prompted.contains($0) }.min { measured.j[$0] < measured.j[$1] }
            guard let frame = next, measured.j[frame] < 1 else { break }
            try await prompt(frame, .both, number: prompted.count)
            prompted.insert(frame)
            reached.append(now)
        }
        return reached
    }

    /// SAM 2's online protocol: one pass forwards, which pauses where J is too low; clicks have an effect on frames from there on.
    mutating func promptWhileWatching() async throws -> [SimulationPoint] {
        var reached: [SimulationPoint] = []
        for frame in measured.measured {
            firstOpenFrame = frame
            let isFirst = frame == measured.measured.first
            guard reached.count < options.promptedFrames, isFirst || measured.j[frame] < options.pauseThreshold else { continue }
            try await prompt(frame, .forward, number: reached.count)
            reached.append(now)
        }
        return reached
    }

    /// Some clicks in a frame, which together are then followed into the others.
    private mutating func prompt(_ frame: Int, _ direction: PropagationDirection, number: Int) async throws {
        let budget = options.promptedFrames * options.clicksPerFrame
        let threshold = options.name == .sam2Online ? options.pauseThreshold : nil
        for click in 0..<options.clicksPerFrame {
            let left = budget - number * options.clicksPerFrame - click
            // Who has nothing left to correct clicks no more.
            guard try await interact(at: frame, left: left, threshold: threshold, propagating: false) else { break }
        }
        try await leave(frame)
        try await followLast(from: frame, direction)
    }
}
