import SamptCommands

#if canImport(Glibc)
    import Glibc
#endif

/// The entry point; everything else is in the library, where tests reach it.
@main
struct Program {
    static func main() async {
        #if canImport(Glibc)
            useOneHeap()
        #endif
        await Sampt.main()
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
