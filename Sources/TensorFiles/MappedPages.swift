import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension UnsafeRawBufferPointer {
    /// Gives back the whole pages inside. Only for memory that is mapped from a file and never written: any other would be lost.
    func dropMappedPages() {
        guard let baseAddress, count > 0 else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = (Int(bitPattern: baseAddress) + page - 1) / page * page
        let end = (Int(bitPattern: baseAddress) + count) / page * page
        guard end > start, let first = UnsafeMutableRawPointer(bitPattern: start) else { return }
        _ = madvise(first, end - start, MADV_DONTNEED)
    }
}

extension Data {
    /// Of `Data` that is mapped from a file: gives back the whole pages, which are read again when somebody looks.
    package func dropMappedPages() { withUnsafeBytes { $0.dropMappedPages() } }
}
