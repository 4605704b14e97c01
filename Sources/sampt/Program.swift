import SamptCommands

#if canImport(Glibc)
    import Glibc
#endif

/// The entry point; everything else is in the library, where tests reach it.
@main
struct Program {
    static func main() async {
        #if canImport(Glibc)
            // By itself, glibc sets up another heap whenever threads get into each other's way, and a busy machine makes the program grow by
            // 100 MB. Large buffers do not come from heaps, so one is enough.
            mallopt(M_ARENA_MAX, 1)
        #endif
        await Sampt.main()
    }
}
