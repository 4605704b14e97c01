import Foundation

// Addresses and MD5s are those that the SAM-PT reference implementation uses. Exact sizes are what the servers send, rounded ones
// what the hosts display.
extension ModelCatalogue {
    static let segmenters: [PublishedModel] = [
        sam("b", network: "SAM ViT-B", file: "sam_vit_b_01ec64", md5: "01ec64d29a2fca3f0661936605ae66f8", bytes: 375_042_383),
        sam("l", network: "SAM ViT-L", file: "sam_vit_l_0b3195", md5: "0b3195507c641ddb6910d2bb5adee89c", bytes: 1_249_524_607),
        sam("h", network: "SAM ViT-H", file: "sam_vit_h_4b8939", md5: "4b8939a88964f0f4ff5f5b2642c598a6", bytes: 2_564_550_879),
        hqSAM(
            "hq-sam-vit-b", network: "HQ-SAM ViT-B", file: "67ab82412bc794d5ce2e9799b8b6a3c0a8cfe1d2/sam_hq_vit_b.pth",
            md5: "c6b8953247bcfdc8bb8ef91e36a6cacc", size: .about(379_000_000)),
        hqSAM(
            "hq-sam-vit-l", network: "HQ-SAM ViT-L", file: "67ab82412bc794d5ce2e9799b8b6a3c0a8cfe1d2/sam_hq_vit_l.pth",
            md5: "08947267966e4264fb39523eccc33f86", size: .about(1_250_000_000)),
        hqSAM(
            "hq-sam-vit-h", network: "HQ-SAM ViT-H", file: "67ab82412bc794d5ce2e9799b8b6a3c0a8cfe1d2/sam_hq_vit_h.pth",
            md5: "3560f6b6a5a6edacd814a1325c39640a", size: .exact(2_570_940_653)),
        PublishedModel(
            name: "mobile-sam", kind: .segmenter, network: "MobileSAM (TinyViT)", fileExtension: "pt",
            md5: "f3c0d8cda613564d499310dab6c812cd",
            size: .exact(40_728_226), licence: "Apache-2.0",
            source: .address(
                "https://github.com/ChaoningZhang/MobileSAM/raw/01ea8d0f5590082f0c1ceb0a3e2272593f20154b/weights/mobile_sam.pt"),
            page: "https://github.com/ChaoningZhang/MobileSAM"),
        hqSAM(
            "light-hq-sam", network: "Light HQ-SAM (TinyViT)", file: "a3a77cd0a2e5e50eaa76faccf61b964732d9b35f/sam_hq_vit_tiny.pth",
            md5: "3a661ab92d4088ccd6232fa542998a65", size: .about(42_500_000)),
    ]

    private static func sam(_ letter: String, network: String, file: String, md5: String, bytes: Int) -> PublishedModel {
        PublishedModel(
            name: "sam-vit-\(letter)", kind: .segmenter, network: network, fileExtension: "pth", md5: md5, size: .exact(bytes),
            licence: "Apache-2.0", source: .address("https://dl.fbaipublicfiles.com/segment_anything/\(file).pth"),
            page: "https://github.com/facebookresearch/segment-anything")
    }

    private static func hqSAM(_ name: String, network: String, file: String, md5: String, size: PublishedModel.Size) -> PublishedModel {
        PublishedModel(
            name: name, kind: .segmenter, network: network, fileExtension: "pth", md5: md5, size: size, licence: "Apache-2.0",
            source: .address("https://huggingface.co/lkeab/hq-sam/resolve/\(file)"), page: "https://github.com/SysCV/sam-hq")
    }
}

extension PublishedModel.Source {
    /// A download; text that is no address becomes an instruction to open it.
    static func address(_ text: String) -> Self { URL(string: text).map { .download($0) } ?? .manual("Open \(text).") }
}
