#if canImport(Glibc)
    import Glibc
#endif

/// Where the process's memory comes from.
package enum ProcessHeap {
    /// To be called before there are threads.
    ///
    /// By itself, glibc sets up another heap whenever threads get into each other's way, and a busy machine makes the program grow by
    /// 100 MB. Large buffers do not come from heaps, so one is enough. (`malloc.h` is not part of the Glibc module.)
    package static func useOne() {
        #if canImport(Glibc)
            guard let symbol = dlsym(nil, "mallopt") else { return }
            let largestHeapCount: Int32 = -8  // M_ARENA_MAX
            _ = unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)(largestHeapCount, 1)
        #endif
    }
}
