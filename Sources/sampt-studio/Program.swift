import Dispatch
import SamptCommands
import StudioCommands

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The entry point of the second program; everything else is in the library, where tests reach it.
@main
struct Program {
    static func main() {
        ProcessHeap.useOne()
        // Before there are threads: without the memory for them, everything waits.
        SamptStudio.prepareProcess()
        // Without the destructors of libraries: threads that are ahead of a stopped run may still compute in them.
        Task { _exit(await SamptStudio.runProcess()) }
        dispatchMain()
    }
}
