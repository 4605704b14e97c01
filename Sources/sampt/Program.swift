import Dispatch
import SamptCommands

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The entry point; everything else is in the library, where tests reach it.
@main
struct Program {
    static func main() {
        #if canImport(Glibc)
            useOneHeap()
        #endif
        // Before there are threads: without the memory for them, everything waits.
        Sampt.prepareProcess()
        Task { exit(await Sampt.runProcess()) }
        dispatchMain()
    }

    #if canImport(Glibc)
        /// By itself, glibc sets up another heap whenever threads get into each other's way, and a busy machine makes the program grow by
        /// 100 MB. Large buffers do not come from heaps, so one is enough. (`malloc.h` is not part of the Glibc module.)
        private static func useOneHeap() {
            guard let symbol = dlsym(nil, "mallopt") else { return }
            let largestHeapCount: Int32 = -8  // M_ARENA_MAX
            _ = unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)(largestHeapCount, 1)
        }
    #endif
}
