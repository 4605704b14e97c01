import Inference
import Testing

@testable import InferenceOpenVINO

struct ProcessorTests {
    @Test func processorLists() {
        #expect(Processor.processors(list: "\t0-3,8,10-11\n") == [0, 1, 2, 3, 8, 10, 11])
        #expect(Processor.processors(list: "5") == [5])
        #expect(Processor.processors(list: "").isEmpty)
        #expect(Processor.processors(list: "3-1,x").isEmpty)
    }
}
