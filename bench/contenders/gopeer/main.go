// gopeer carries records through `cat` with franz-go: what a Go programmer would write by hand for this one task.
// It is this project's own stand-in. It is no product, and its numbers are no product's numbers.
//
//	-mode pipelined  writing to the child and reading from it overlap
//	-mode lockstep   one line written, one line read back, for each record: the shape of a subprocess processor
//
// Results go to the partition of their input, with all replicas acknowledging; offsets are committed once a second,
// never beyond what is acknowledged. SIGTERM ends it in order: what was fetched is answered, stored and committed.
package main

import (
	"bufio"
	"context"
	"flag"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	pipeBuffer = 64 << 10
	inFlight   = 50_000
	perPoll    = 1_000
)

var codecs = map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "lz4": kgo.Lz4Compression()}

type child struct {
	in  *bufio.Writer
	out *bufio.Reader
}

type relay struct {
	client   *kgo.Client
	output   string
	child    child
	unstored sync.WaitGroup
}

func main() {
	log.SetFlags(0)
	broker := flag.String("broker", "127.0.0.1:9092", "host:port")
	input := flag.String("in", "", "input topic")
	output := flag.String("out", "", "output topic")
	group := flag.String("group", "", "consumer group")
	mode := flag.String("mode", "pipelined", "pipelined or lockstep")
	compression := flag.String("compression", "none", "of the output: none or lz4")
	flag.Parse()
	codec, known := codecs[*compression]
	if !known || (*mode != "pipelined" && *mode != "lockstep") {
		log.Fatalf("gopeer: unknown -mode %s or -compression %s", *mode, *compression)
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(*broker),
		kgo.ConsumerGroup(*group),
		kgo.ConsumeTopics(*input),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.AutoCommitMarks(),
		kgo.AutoCommitInterval(time.Second),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(codec),
		kgo.ProducerLinger(0),
		kgo.MaxBufferedRecords(inFlight),
	)
	must(err)
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	r := &relay{client: client, output: *output, child: startChild()}
	if *mode == "lockstep" {
		r.lockstep(ctx)
	} else {
		r.pipelined(ctx)
	}
	r.unstored.Wait()
	must(client.CommitMarkedOffsets(context.Background()))
	client.Close()
}

func (r *relay) pipelined(ctx context.Context) {
	waiting := make(chan *kgo.Record, inFlight)
	go func() {
		for source := range waiting {
			r.store(r.read(), source)
		}
	}()
	for ctx.Err() == nil {
		for _, source := range records(ctx, r.client.PollFetches(ctx)) {
			r.unstored.Add(1)
			waiting <- source
			r.write(source.Value)
		}
		must(r.child.in.Flush())
	}
}

func (r *relay) lockstep(ctx context.Context) {
	for ctx.Err() == nil {
		for _, source := range records(ctx, r.client.PollRecords(ctx, perPoll)) {
			r.unstored.Add(1)
			r.write(source.Value)
			must(r.child.in.Flush())
			r.store(r.read(), source)
		}
	}
}

func records(ctx context.Context, fetches kgo.Fetches) []*kgo.Record {
	if ctx.Err() == nil {
		must(fetches.Err())
	}
	return fetches.Records()
}

// store sends the answer to source; source may be committed once that is acknowledged.
func (r *relay) store(value []byte, source *kgo.Record) {
	answer := &kgo.Record{Topic: r.output, Partition: source.Partition, Value: value}
	r.client.Produce(context.Background(), answer, func(_ *kgo.Record, err error) {
		must(err)
		r.client.MarkCommitRecords(source)
		r.unstored.Done()
	})
}

func (r *relay) write(line []byte) {
	_, err := r.child.in.Write(line)
	must(err)
	must(r.child.in.WriteByte('\n'))
}

func (r *relay) read() []byte {
	line, err := r.child.out.ReadBytes('\n')
	must(err)
	return line[:len(line)-1]
}

func startChild() child {
	command := exec.Command("cat")
	in, err := command.StdinPipe()
	must(err)
	out, err := command.StdoutPipe()
	must(err)
	command.Stderr = os.Stderr
	must(command.Start())
	return child{bufio.NewWriterSize(in, pipeBuffer), bufio.NewReaderSize(out, pipeBuffer)}
}

func must(err error) {
	if err != nil {
		log.Fatalf("gopeer: %v", err)
	}
}
