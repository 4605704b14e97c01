import Foundation
import Inference

extension OpenVINOEngine {
    /// How networks are compiled, run and kept.
    public struct Configuration: Sendable {
        /// Threads of one run, 1 or more; nil: one for each physical core that this process may use.
        public var threads: Int?
        /// Where compiled networks are kept; nil: nowhere.
        public var cacheFolder: URL?
        /// The most bytes that `cacheFolder` may hold: beyond it the least recently used networks are removed.
        public var cacheLimit: Int
        /// How many threads may run one network at the same time, 1 or more. They share `threads`, and each takes memory for its
        /// own intermediate results. One run at a time has the shortest latency.
        public var concurrentRuns: Int
        /// Whether OpenVINO ties its threads to cores. Video is decoded and encoded beside the network; a tied thread would wait
        /// for the other work on its core and hold up all the others.
        public var pinsThreads: Bool
        /// Whether `OpenVINONetwork.profile` works. Timing the nodes slows every run a little.
        public var profiling: Bool
        /// Told of what is wrong with the cache, which otherwise goes unnoticed: every network still compiles and runs.
        /// May be called from any thread.
        public var diagnostics: (@Sendable (String) -> Void)?

        public init(
            threads: Int? = nil, cacheFolder: URL? = CompiledModelCache.defaultFolder,
            cacheLimit: Int = CompiledModelCache.defaultLimit, concurrentRuns: Int = 1, pinsThreads: Bool = false,
            profiling: Bool = false, diagnostics: (@Sendable (String) -> Void)? = nil
        ) {
            self.threads = threads
            self.cacheFolder = cacheFolder
            self.cacheLimit = cacheLimit
            self.concurrentRuns = concurrentRuns
            self.pinsThreads = pinsThreads
            self.profiling = profiling
            self.diagnostics = diagnostics
        }
    }
}
