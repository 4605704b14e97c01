import Foundation

/// The format of PyTorch 1.6 and later: a zip archive with `data.pkl`, and a record `data/KEY` for every storage.
enum ZipLayout {
    static func read(_ bytes: UnsafeRawBufferPointer, _ contents: FileContents) throws -> PyTorchLayout {
        let file = contents.name
        let archive = try ZipArchive(bytes, file: file)
        let pickles = archive.records.filter { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
        guard pickles.count == 1, let pickle = pickles.first else {
            throw TensorFileError.unknownFormat(
                file: file, reason: "it is a zip archive of something else; if it holds a checkpoint, unpack it")
        }
        let prefix = String(pickle.name.dropLast("data.pkl".count))
        var indices: [String: Int] = [:]
        for (index, record) in archive.records.enumerated() { indices[record.name] = index }
        guard indices[prefix + "constants.pkl"] == nil else {
            throw TensorFileError.unknownFormat(file: file, reason: "it is a TorchScript program; save its state dict instead")
        }
        // What is needed at once is checked at once; storages when they are read.
        func intact(_ record: ZipArchive.Record) throws -> Range<Int> {
            guard !record.isCompressed else {
                throw TensorFileError.malformed(file: file, reason: "the record \(record.name) is compressed, which PyTorch never does")
            }
            guard contents.data.crc32(of: record.bytes) == record.checksum else {
                throw TensorFileError.malformed(
                    file: file, reason: "the checksum of the record \(record.name) disagrees; download the file again")
            }
            return record.bytes
        }
        if let order = indices[prefix + "byteorder"] {
            guard bytes[try intact(archive.records[order])].elementsEqual("little".utf8) else {
                throw TensorFileError.malformed(file: file, reason: "it was saved on a big-endian machine")
            }
        }
        let range = try intact(pickle)
        var reader = PickleReader(bytes, in: range, file: file)
        let value = try reader.run()
        let tensors = PickledTensors(reader: reader, pickleRecord: indices[pickle.name]) { key, _, _ in
            guard let index = indices[prefix + "data/" + key] else {
                throw StorageProblem(reason: "its storage \(key.prefix(50)) is not in the file")
            }
            guard !archive.records[index].isCompressed else {
                throw StorageProblem(reason: "its storage is compressed, which PyTorch never does")
            }
            return .init(bytes: archive.records[index].bytes, record: index)
        }
        let identity = contents.data.subdata(in: archive.directory) + contents.data[range]
        return PyTorchLayout(
            value: value, tensors: tensors,
            records: archive.records.map { .init(name: $0.name, bytes: $0.bytes, checksum: $0.checksum) },
            fingerprint: String(Fingerprint(ofLarge: identity).value, radix: 16))
    }
}
