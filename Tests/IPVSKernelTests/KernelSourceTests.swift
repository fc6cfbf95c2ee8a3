import IPVSKernel
import IPVSModel
import Testing

@Suite struct KernelSourceTests {
    @Test func `the running kernel answers, or says what is missing and how to mend it`() {
        do throws(KernelError) {
            let state = try LiveKernel().read(includingConnections: true)
            #expect(!state.version.isEmpty)
            #expect(state.connectionTableSize > 0)
            #expect(state.connections != nil)
            #expect(state.sysctls["net.ipv4.ip_forward"] != nil)
        } catch {
            switch error.code {
            case .moduleNotLoaded: #expect(error.description.hasSuffix("load the module with: modprobe ip_vs"))
            case .notPermitted: #expect(error.description.contains("run as root"))
            default: Issue.record("unexpected: \(error)")
            }
        }
    }

    @Test func `a family that does not exist is told apart`() throws {
        let socket = try GenericNetlinkSocket.connect()
        #expect {
            try socket.resolveFamily("NO_SUCH_FAMILY")
        } throws: {
            ($0 as? KernelError)?.code == .moduleNotLoaded
                && ($0 as? KernelError)?.function == "genl_ctrl_resolve" && ($0 as? KernelError)?.number == 12
        }
    }

    @Test func `two sockets answer at once, each with what was asked of it`() throws {
        // The controller family describes itself: number 16, command CTRL_CMD_GETFAMILY, answer CTRL_CMD_NEWFAMILY.
        let first = try GenericNetlinkSocket.connect()
        let second = try GenericNetlinkSocket.connect()
        let families = try first.request(family: 16, command: 3, version: 1, isDump: true)
        #expect(families.count > 0)
        #expect(families.allSatisfy { $0.command == 1 })
        #expect(try second.request(family: 16, command: 3, version: 1, isDump: true).count == families.count)
        #expect(try second.resolveFamily("nlctrl") == 16)
    }

    @Test func `a command that the family refuses is an error, and the socket lives on`() throws {
        let socket = try GenericNetlinkSocket.connect()
        #expect(throws: KernelError.self) {
            try socket.request(family: 16, command: 200, version: 1, isDump: false)
        }
        #expect(try socket.resolveFamily("nlctrl") == 16)
    }

    @Test func `a saved kernel gives its states in order, and the last again and again`() throws {
        let entry = ConnectionEntry(
            transportProtocol: .tcp, client: try #require(Endpoint("192.168.122.1:55988")),
            virtual: try #require(Endpoint("192.168.122.100:80")), realServer: try #require(Endpoint("10.10.10.20:80")),
            state: .synReceived, expiresIn: 29)
        let states = [1, 2].map {
            KernelState(
                observedAt: Timestamp(seconds: $0, nanoseconds: 0), version: "1.2.1", connectionTableSize: 4096,
                timeouts: KernelState.Timeouts(), virtualServices: [], connections: [entry])
        }
        let text = try states.reversed().map { try KernelStateFile.encode($0, pretty: true) }.joined()
        try withFile(text.utf8) { path in
            let kernel = try SavedKernel(path: path)
            #expect(try kernel.read(includingConnections: true) == states[0])
            #expect(try kernel.read(includingConnections: false).connections == nil)
            #expect(try kernel.read(includingConnections: true) == states[1])
        }
    }
}
